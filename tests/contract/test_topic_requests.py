"""A message of version 2 says all that a request over HTTP can, and what cannot be honoured is named in an outcome."""

import base64
import json
import os
from dataclasses import replace

import pytest

from core.case import Phase
from core.ports import Ticket
from core.roles import Role
from pipeline.accounts import create_account
from pipeline.advance import advance
from pipeline.ledgers.database import open_database
from pipeline.runners.local_bus import LocalBus
from pipeline.safe_fetch import SafeFetcher
from pipeline.topic_contract.request_document import NotARequest
from pipeline.topic_contract.request_topics import RequestTopic
from tests.conftest import ROOT
from tests.reference_files import encoded
from tests.stories.http_installation import FINE
from tests.stub_pipeline.topic_bridge import bridged_installation

pytestmark = pytest.mark.postgres
PNG = encoded("PNG")
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    opened = open_database(tmp_path_factory.mktemp("requests"))
    yield opened
    opened.close()


class Door:
    """An installation, one account, and what that account sends over its topic."""

    def __init__(self, at, home):
        self.at, self.inbox = at, home / "inbox"
        self.account = create_account(at.accounts, [Role.PLATFORM])[0]
        (self.inbox / self.account.id).mkdir(parents=True)

    def send(self, **fields):
        document = {"type": "assay.request", "version": 2, "id": "a", "prompt": FINE, **fields}
        topic = RequestTopic(name="assay.requests", account=self.account.id)
        return self.at.intake.receive(json.dumps(document).encode(), topic)

    def refused(self, **fields):
        outcome = self.send(**fields)
        assert (outcome.status, outcome.case) == ("failed", None)
        assert not self.cases()
        return outcome.code, outcome.field

    def cases(self):
        return self.at.ledger.list(author=self.account.id)

    def opened(self, **fields):
        assert self.send(**fields) is None
        (case,) = self.cases()
        return case

    def published(self, **fields):
        assert self.send(**fields) is None
        (case,) = self.cases()
        while case.phase in self.at.works.route:
            case = advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), self.at.works)
        assert case.phase is Phase.PUBLISHED
        return case


@pytest.fixture
def door(database, tmp_path):
    return Door(bridged_installation(database, tmp_path, LocalBus()), tmp_path)


def test_an_engines_own_parameters_reach_the_case_and_texts_among_them_are_kept_apart(door):
    case = door.opened(
        size="1280x720", seconds=4, parameters={"seed": 7, "guidance_scale": 5, "negative_prompt": "thick fog"}
    )
    assert (case.request.size, case.request.seconds) == ("1280x720", 4)
    assert dict(case.request.parameters) == {"seed": 7, "guidance_scale": 5.0}
    assert door.at.service.parameter_texts(door.account, case.id) == {"negative_prompt": "thick fog"}


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"parameters": {"zebedee": 1}}, "invalid_request", "zebedee"),
        ({"parameters": {"a meadow at night": 1}}, "invalid_request", None),
        ({"parameters": {"seed": "many"}}, "invalid_request", "seed"),
        ({"parameters": {"output_path": "/tmp"}}, "invalid_request", "output_path"),
        ({"parameters": {"width": 64}, "size": "1280x720"}, "invalid_request", "width"),
        ({"parameters": {"prompt": "a weapon"}}, "invalid_request", "prompt"),
        ({"parameters": {"image_reference": "x"}}, "invalid_request", "image_reference"),
        ({"size": "as large as can be"}, "invalid_request", "size"),
        ({"seconds": 3000}, "invalid_request", "seconds"),
        ({"purpose": "zebedee"}, "invalid_request", "purpose"),
        ({"guidance": 1}, "unknown_field", "guidance"),
        ({"seconds": "4"}, "invalid_field", "seconds"),
        ({"input_reference": {"image_url": "data:image/png;base64,!"}}, "invalid_request", "input_reference"),
        ({"input_reference": {"image_url": "data:image/png;base64,QUJD"}}, "invalid_request", "input_reference"),
        ({"input_reference": {"image_url": "https://example.com/a.png"}}, "invalid_request", "input_reference"),
        ({"input_reference": {"image_url": "http://example.com/a.png"}}, "invalid_request", "input_reference"),
        ({"input_reference": {"image_url": "file:///etc/hostname"}}, "invalid_request", "input_reference"),
        ({"input_reference": {"blob": "not-there.png"}}, "reference_unavailable", "input_reference"),
        ({"input_reference": {"file_id": "x"}}, "invalid_field", "input_reference"),
        ({"remix_of": "0" * 16}, "invalid_request", "remix_of"),
        ({"extension_of": "0" * 16, "seconds": 4}, "invalid_request", "extension_of"),
        ({"extension_of": "0" * 16}, "invalid_request", "seconds"),
        ({"remix_of": "0" * 16, "extension_of": "0" * 16}, "invalid_request", "extension_of"),
        ({"remix_of": "0" * 16, "input_reference": {"blob": "a"}}, "invalid_request", "remix_of"),
        ({"remix_of": "0" * 16, "remixed_from_video_id": "0" * 16}, "invalid_request", "remixed_from_video_id"),
        ({"extend_reference": True}, "invalid_request", "extend_reference"),
    ],
    ids=str,
)
def test_what_cannot_be_honoured_is_refused_by_its_name(door, fields, code, field):
    assert door.refused(**fields) == (code, field)


def test_sizes_and_seconds_of_version_1_are_checked_at_the_door_too(door):
    assert door.refused(version=1, size="as large as can be") == ("invalid_request", "size")


def test_what_is_not_named_by_the_profile_is_refused_also_where_http_ignores_it(door):
    lenient = door.at.orders.settings.model_copy(update={"unknown_parameters": "ignore"})
    door.at = replace(door.at, orders=replace(door.at.orders, settings=lenient))
    assert door.refused(parameters={"zebedee": 1}) == ("invalid_request", "zebedee")


def reference_of(door, case):
    (asset,) = case.request.references
    return door.at.service.context.blob_store.fetch(asset, door.inbox.parent / "fetched").read_bytes()


def test_a_reference_in_the_message_is_one_and_is_prepared(door):
    case = door.opened(input_reference={"image_url": DATA_URL})
    assert reference_of(door, case) == PNG
    assert [asset.media_type for asset in case.request.references_sent] == ["image/png"]


def test_a_reference_by_the_key_of_a_blob_is_the_accounts_own(door):
    (door.inbox / door.account.id / "meadow.png").write_bytes(PNG)
    case = door.opened(input_reference={"blob": "meadow.png"})
    assert reference_of(door, case) == PNG


@pytest.mark.parametrize("key", ["../other/theirs.png", "..", ".hidden", "a/b", ""])
def test_a_key_leads_to_no_other_folder(door, key):
    (door.inbox / "other").mkdir()
    (door.inbox / "other" / "theirs.png").write_bytes(PNG)
    assert door.refused(input_reference={"blob": key}) == ("invalid_field", "input_reference")


def test_a_link_in_the_inbox_is_not_followed_and_a_pipe_is_not_waited_for(door):
    secret = door.inbox.parent / "secret.png"
    secret.write_bytes(PNG)
    (door.inbox / door.account.id / "link.png").symlink_to(secret)
    os.mkfifo(door.inbox / door.account.id / "pipe.png")
    for name in ("link.png", "pipe.png"):
        assert door.refused(input_reference={"blob": name}) == ("reference_unavailable", "input_reference")


def test_a_blob_that_is_larger_than_what_is_accepted_is_refused(door):
    with (door.inbox / door.account.id / "large.png").open("wb") as file:
        file.truncate((32 << 20) + 1)
    assert door.refused(input_reference={"blob": "large.png"}) == ("invalid_request", "input_reference")


def test_an_address_is_fetched_once_and_a_message_that_comes_twice_fetches_nothing_more(door):
    asked = []

    class Fetcher(SafeFetcher):
        def fetch(self, url, to):
            asked.append(url)
            to.write_bytes(PNG)
            return "a.png"

    sources = replace(door.at.orders.references, fetcher=Fetcher(max_bytes=1 << 20))
    door.at = replace(door.at, orders=replace(door.at.orders, references=sources))
    case = door.opened(input_reference={"image_url": "https://example.com/a.png"})
    assert reference_of(door, case) == PNG
    assert door.send(input_reference={"image_url": "https://example.com/a.png"}) is None
    assert (asked, len(door.cases())) == (["https://example.com/a.png"], 1)


def test_an_address_behind_the_firewall_is_refused_by_the_real_fetcher(door):
    fetcher = SafeFetcher(max_bytes=1 << 20, resolve=lambda _host, _port: ("10.0.0.1",), ports=frozenset({443}))
    sources = replace(door.at.orders.references, fetcher=fetcher)
    door.at = replace(door.at, orders=replace(door.at.orders, references=sources))
    url = "https://inward.test/a.png"
    assert door.refused(input_reference={"image_url": url}) == ("reference_unavailable", "input_reference")


def test_a_remix_and_an_extension_begin_with_the_published_video(door):
    source = door.published()
    assert door.send(id="b", remix_of=source.id) is None
    assert door.send(id="c", extension_of=source.id, seconds=2) is None
    made = {case.request.seconds: case.request for case in door.cases() if case.request.parent}
    assert {request.parent for request in made.values()} == {source.id}
    assert made[source.request.seconds].references[0].media_type == "video/mp4"
    assert made[2].references[0].media_type == "image/png"


def test_a_video_that_is_not_ready_is_no_beginning_yet_and_the_same_id_may_ask_again(door):
    source = door.opened(id="a")
    outcome = door.send(id="b", remix_of=source.id)
    assert (outcome.code, outcome.field) == ("source_not_ready", "remix_of")


def test_a_clip_that_is_to_be_continued_is_sent_as_its_last_picture(door):
    clip = next((ROOT / "deploy" / "demo").glob("*.mp4"))
    (door.inbox / door.account.id / "clip.mp4").write_bytes(clip.read_bytes())
    case = door.opened(input_reference={"blob": "clip.mp4"}, extend_reference=True, seconds=2)
    assert case.request.references[0].media_type == "image/png"
    (door.inbox / door.account.id / "text.mp4").write_text("no clip")
    outcome = door.send(id="b", input_reference={"blob": "text.mp4"}, extend_reference=True, seconds=2)
    assert (outcome.code, outcome.field) == ("invalid_request", "input_reference")


def test_a_request_that_cannot_be_answered_is_still_a_dead_letter(door):
    with pytest.raises(NotARequest, match="account_not_allowed"):
        door.send(account="somebody", guidance=1)
    with pytest.raises(NotARequest, match="invalid_field: id"):
        door.send(id="")
    with pytest.raises(NotARequest, match="unknown_version"):
        door.send(version=3)
