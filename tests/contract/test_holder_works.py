"""What rights holders register, who looks at it, and who may not: over the embedded Postgres."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Forbidden, NotNow
from core.roles import Principal, Role
from pipeline.ledgers.database import Database
from pipeline.rights.holder_verification import HolderVerification
from pipeline.rights.holder_works import HolderWorks
from registry.consent.notices import MODERATORS_ADDRESS, PostgresNotices
from registry.consent.receipt_signing import ReceiptSigner
from registry.rights.licence_receipts import PostgresLicenceReceipts
from registry.rights.licence_service import PostgresLicenceService
from registry.rights.registered_works import PostgresWorks, RegisteredWork
from registry.rights.rights_holders import VERIFIED, PostgresRightsHolders
from registry.rights.work_licences import PostgresWorkLicences

pytestmark = pytest.mark.postgres
STUDIO = Principal(id="acct_studio", roles=frozenset({Role.RIGHTS_HOLDER}))
RIVAL = Principal(id="acct_rival", roles=frozenset({Role.RIGHTS_HOLDER}))
MODERATOR = Principal(id="acct_mod", roles=frozenset({Role.MODERATOR}))
OPERATOR = Principal(id="acct_ops", roles=frozenset({Role.OPERATOR}))
BOTH = replace(STUDIO, roles=frozenset({Role.RIGHTS_HOLDER, Role.MODERATOR, Role.OPERATOR}))


class Everybody:
    def exists(self, account: str) -> bool:
        return True


@pytest.fixture
def works(database: Database, tmp_path: Path) -> HolderWorks:
    with database.owner_connection() as connection:
        connection.execute(
            "TRUNCATE works, work_licences, work_answers, rights_holders, notices, suspended_work_names CASCADE"
        )
    return HolderWorks(
        works=PostgresWorks(database),
        images=None,
        licences=PostgresWorkLicences(database),
        signed=PostgresLicenceReceipts(database),
        service=PostgresLicenceService(connections=database, sign=ReceiptSigner(tmp_path / "keys").sign_licence),
        holders=PostgresRightsHolders(database),
        notices=PostgresNotices(database),
        accounts=Everybody(),
        one_person=False,
    )


def put(works, work_id, holder, *names, active):
    works.works.put([RegisteredWork(id=work_id, kind="character", names=names, holder=holder.id, active=active)])


def is_active(works, work_id):
    return {one.id: one.active for one in works.works.with_drafts()}[work_id]


@pytest.mark.parametrize("active", [True, False])
def test_no_moderator_says_whether_a_work_of_their_own_or_of_the_same_name_is_looked_for(works, active):
    put(works, "own", STUDIO, "Captain Bramblefox", active=not active)
    put(works, "rivals", RIVAL, "Something Else", "captain  bramblefox", active=not active)
    put(works, "others", RIVAL, "Pipkin Hatter", active=not active)
    for work in ("own", "rivals"):
        with pytest.raises(Forbidden):
            works.set_active(BOTH, work, active=active)
        assert is_active(works, work) is not active
    works.set_active(BOTH, "others", active=active)
    works.set_active(MODERATOR, "rivals", active=active)
    replace(works, one_person=True).set_active(BOTH, "own", active=active)
    assert {is_active(works, work) for work in ("own", "rivals", "others")} == {active}


@pytest.fixture
def verified(works):
    works.holders.ask(STUDIO.id, "r", "Studio", "says")
    works.holders.decide(STUDIO.id, VERIFIED, by=MODERATOR.id)
    return works


def waits(works, work):
    told = [one.about for one in works.notices.of(MODERATORS_ADDRESS) if one.code == "work_waits"]
    return not is_active(works, work.id) and work.id in told


@pytest.mark.parametrize(
    "name",
    ["the", "Tree", "Pipkin", "in the", "a man", "young woman", "th3 m4n", "the m\u0430n", "la vid\u00e9o", "米老鼠"],
)
def test_names_that_ordinary_prompts_hold_wait_for_a_person_also_of_a_verified_holder(verified, name):
    assert waits(verified, verified.register(STUDIO, kind="character", names=[name]))
    fox = verified.register(STUDIO, kind="character", names=["Captain Bramblefox"])
    assert is_active(verified, fox.id)
    assert waits(verified, verified.describe(STUDIO, fox.id, names=["Captain Bramblefox", name], description=""))
    verified.set_active(MODERATOR, fox.id, active=True)
    again = verified.describe(STUDIO, fox.id, names=[name], description="a fox")  # a person has looked at this name
    assert is_active(verified, again.id)


def test_registering_again_does_not_undo_that_a_work_was_suspended(verified):
    fox = verified.register(STUDIO, kind="character", names=["Captain Bramblefox"])
    verified.set_active(MODERATOR, fox.id, active=False)
    assert waits(verified, verified.describe(STUDIO, fox.id, names=["Captain  BRAMBLEFOX"], description="new"))
    verified.works.remove(fox.id)
    again = verified.register(STUDIO, kind="character", names=["captain bramblefox", "Sir Bramblefox"])
    assert waits(verified, again)
    verified.set_active(MODERATOR, again.id, active=True)
    assert is_active(verified, verified.register(STUDIO, kind="brand", names=["Captain Bramblefox"]).id)


class NoTexts:
    def read(self, _text_id: str) -> str:
        return ""


def test_who_verifies_decides_about_the_drafts_that_they_have_read(works):
    desk = HolderVerification(
        holders=works.holders, works=works.works, texts=NoTexts(), notices=works.notices, one_person=False
    )
    one = works.register(STUDIO, kind="character", names=["Captain Bramblefox", "Bramblefox"])
    works.holders.ask(STUDIO.id, "r", "Studio", "says")
    read = desk.holder(MODERATOR, STUDIO.id)
    late = works.register(STUDIO, kind="character", names=["the"])
    with pytest.raises(NotNow, match="look again"):
        desk.decide(MODERATOR, STUDIO.id, verify=True, seen=read.seen)
    works.works.remove(late.id)
    desk.decide(MODERATOR, STUDIO.id, verify=True, seen=read.seen)
    assert is_active(works, one.id)


def test_who_verifies_without_having_read_the_drafts_lets_no_common_name_through(works):
    desk = HolderVerification(
        holders=works.holders, works=works.works, texts=NoTexts(), notices=works.notices, one_person=False
    )
    fox = works.register(STUDIO, kind="character", names=["Captain Bramblefox"])
    the = works.register(STUDIO, kind="character", names=["the"])
    works.holders.ask(STUDIO.id, "r", "Studio", "says")
    desk.decide(MODERATOR, STUDIO.id, verify=True)
    assert (is_active(works, fox.id), is_active(works, the.id)) == (True, False)
    assert [one.id for one in desk.disputed(MODERATOR)] == [the.id]
