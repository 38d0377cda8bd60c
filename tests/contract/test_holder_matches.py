"""What a holder sees of an order with a work of theirs, and what not: over the embedded Postgres."""

from __future__ import annotations

import pytest

from core.case import Phase
from core.errors import NotFound, NotNow
from core.events import Measured, Rendered
from core.roles import Principal, Role
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate
from pipeline.rights.holder_matches import HolderMatches
from pipeline.rights.holder_works import HolderWorks
from pipeline.rights.work_facts import WorkPermissions
from registry.rights.licence_receipts import PostgresLicenceReceipts
from registry.rights.licence_service import PostgresLicenceService
from registry.rights.registered_works import PostgresWorks, RegisteredWork
from registry.rights.rights_holders import PostgresRightsHolders
from registry.rights.work_answers import PostgresWorkAnswers
from registry.rights.work_licences import PostgresWorkLicences, new_licence
from registry.rights.work_uses import PostgresWorkUses
from tests.contract.cameo_installation import ANA, asset
from tests.lawful import carry, judged

pytestmark = pytest.mark.postgres
STUDIO = Principal(id="acct_studio", roles=frozenset({Role.RIGHTS_HOLDER}))
RIVAL = Principal(id="acct_rival", roles=frozenset({Role.RIGHTS_HOLDER}))
PROMPT = "Pipkin Hatter and Bramblefox, my aunt Rosa's name is secret"


class Everybody:
    def exists(self, account: str) -> bool:
        return True


@pytest.fixture
def matches(house):
    database = house.database
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE works, work_licences, work_answers, rights_holders CASCADE")
    licences, signed = PostgresWorkLicences(database), PostgresLicenceReceipts(database)
    works = HolderWorks(
        works=PostgresWorks(database),
        images=None,
        licences=licences,
        signed=signed,
        service=PostgresLicenceService(connections=database, sign=house.stores.keys.sign_licence),
        holders=PostgresRightsHolders(database),
        notices=house.stores.notices,
        accounts=Everybody(),
        one_person=False,
    )
    works.works.put(
        [
            RegisteredWork(id="w", kind="character", names=("Pipkin Hatter",), holder=STUDIO.id),
            RegisteredWork(id="v", kind="character", names=("Bramblefox",), holder=RIVAL.id),
        ]
    )
    uses = PostgresWorkUses(database, character="ask", other="ask")
    return HolderMatches(
        works=works,
        uses=uses,
        permissions=WorkPermissions(
            works=works.works,
            licences=licences,
            answers=PostgresWorkAnswers(database),
            signed=signed,
            uses=uses,
            lineage=house.stores.uses,
        ),
        ledger=house.ledger,
        bus=house.service.bus,
        blob_store=house.context.blob_store,
        texts=house.context.texts,
        notices=house.stores.notices,
        sealed_rules=frozenset(),
    )


def named(work, start, end, field=""):
    place = Span(start=start, end=end, unit="chars")
    return Signal(
        subject=Subject.PROMPT, label="registered_work", score=0.95, source="w/1", work=work, at=place, field=field
    )


def held(house, *signals, rule="video_work_unapproved"):
    case = house.case(ANA, prompt=PROMPT)
    rendered = Rendered(asset=asset(case.id), engine="e", engine_version="1")
    made = carry(house.ledger, case, Phase.RENDERED, screened=Measured(signals=signals), rendered=rendered)
    hold = judged(Gate.VIDEO, Decision.HOLD, rule)
    return house.ledger.append(made, [Measured(signals=()), hold])


def test_a_draft_that_a_licence_covers_and_something_else_holds_is_not_the_holders_to_watch_or_refuse(
    house, matches, tmp_path
):
    matches.works.service.grant(new_licence("w", ANA.id), by=STUDIO.id)
    for rule, signals in (
        ("video_nudity", [named("w", 0, 13)]),
        ("video_work_unapproved", [named("w", 0, 13), named("v", 18, 28)]),  # the other work is what is waited for
    ):
        case = held(house, *signals, rule=rule)
        seen = matches.match(STUDIO, "w", case.id)
        assert (seen.use.waits, seen.may_watch) == (False, False)
        with pytest.raises(NotFound):
            matches.draft(STUDIO, "w", case.id, tmp_path)
        with pytest.raises(NotNow):
            matches.refuse(STUDIO, "w", case.id, code="setting")
    assert matches.match(RIVAL, "v", case.id).may_watch
    matches.remind()
    assert [one.code for one in house.stores.notices.of(RIVAL.id)] == ["work_draft_waits"]


def test_the_words_that_name_a_work_are_of_the_prompt_alone(house, matches):
    case = held(house, named("w", 0, 13), named("w", 33, 58, field="style"))
    assert matches.match(STUDIO, "w", case.id).words == ("Pipkin Hatter",)
