"""What was refused, appealed and overturned is in the statements, the report and the public page; everything real."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Phase, new_case
from core.events import Recalled, Withdrawn
from core.ports import Ticket
from core.recalls import CLAIM_RECALL
from core.roles import Role
from core.verdicts import Decision
from pipeline.accounts import create_account
from pipeline.advance import advance
from pipeline.audit.event_record import parse_event_record
from pipeline.audit.merkle import hash_leaf, inclusion_holds
from pipeline.audit.signed_note import parse_note_key, read_log_head
from pipeline.claims.claim import CLAIMS_ACTOR, Claim, ClaimDecision, ClaimKind, ClaimStep
from pipeline.legal_record.report_template import check_report
from pipeline.settings import load_settings
from pipeline.wiring import build_installation
from tests.dsa_database.server import TOKEN, problems, serving_database
from tests.lawful import carry
from tests.stories.conftest import database_kept_running, make_installation
from tests.stories.http_installation import NO_CHECKS, ApiAccount, serve_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models]

GORE = "mutilated corpses, severed heads and guts torn out, extreme gore, shown in every detail"
SCREENING = frozenset({Phase.SUBMITTED, Phase.SCREENED})
NEXT_MONTH = timedelta(days=40)  # by then what happens today is in a month that is over
DAY = datetime.now(UTC).date().isoformat()


@pytest.fixture(scope="module")
def house(tmp_path_factory, two_seconds):
    """An installation of its own: everything in it is counted."""
    with database_kept_running(make_installation(tmp_path_factory.mktemp("record"), two_seconds)) as made:
        yield made


@pytest.fixture(scope="module")
def at(house):
    home = house.home
    settings = load_settings(
        home=home, engine_folder=home / "engine", frames=4, max_frames=4, smallest_count=1, **NO_CHECKS
    )
    built = build_installation(settings)
    shifted = replace(built.record, clock=lambda: datetime.now(UTC) + NEXT_MONTH)
    try:
        with serve_installation(replace(built, record=shifted)) as serving:
            yield serving
    finally:
        built.close()


@pytest.fixture(scope="module")
def told(at):
    """Two requests that were refused; the author of one appealed, and a moderator allowed it."""
    won, lost = (refused(at, f"{GORE}, {word}") for word in ("a battle", "a market"))
    service, author = at.installation.service, at.platform.person
    service.appeal(author, won, note="It is a painting by Goya.")
    other = ApiAccount(*create_account(at.installation.accounts, (Role.MODERATOR,)))
    service.rule(other.person, won, decision=Decision.ALLOW, code="context", reply="You are right.")
    assert screened(at, won).phase is Phase.ADMITTED
    return {"won": won, "lost": lost}


@pytest.fixture(scope="module")
def lead(at):
    return ApiAccount(*create_account(at.installation.accounts, (Role.LEAD,)))


def screened(at, case_id):
    works = replace(at.installation.works, accepted_phases=SCREENING)
    case = at.installation.ledger.load(case_id)
    while case.phase in SCREENING:
        case = advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), works)
    return case


def refused(at, prompt):
    case_id = at.submit(prompt)
    assert screened(at, case_id).phase is Phase.REFUSED
    return case_id


def download(browser, what):
    answer = browser.get(f"/record/{what}", params={"since": DAY, "until": DAY})
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return answer


def test_each_refusal_has_one_statement_and_the_one_that_was_overturned_says_so(at, told, lead):
    with at.browser(lead) as browser:
        found = download(browser, "statements.json").json()["statements"]
        rows = list(csv.DictReader(io.StringIO(download(browser, "statements.csv").text)))
    assert len(found) == len(told) == len(rows)
    assert [problems(one) for one in found] == [{}, {}]
    lifted = [one for one in found if "end_date_visibility_restriction" in one]
    assert len(lifted) == 1 and lifted[0]["end_date_visibility_restriction"] == DAY
    assert {one["category"] for one in found} <= {
        "STATEMENT_CATEGORY_VIOLENCE",
        "STATEMENT_CATEGORY_CYBER_VIOLENCE",
        "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
        "STATEMENT_CATEGORY_SELF_HARM",
    }
    everything = json.dumps(found)
    for personal in (*told.values(), at.platform.person.id, "Goya", GORE[:20]):
        assert personal not in everything


def test_the_report_counts_the_refusals_and_the_appeal_and_passes_the_checker(at, told, lead, house, tmp_path):
    with at.browser(lead) as browser:
        packed = zipfile.ZipFile(io.BytesIO(download(browser, "report.zip").content))
    files = {name: packed.read(name).decode() for name in packed.namelist()}
    assert check_report(files) == []
    appeals = list(csv.DictReader(io.StringIO(files["7_appeals_and_recidivism.csv"])))
    assert {one["Scope"]: one["Value"] for one in appeals[:4]} == {
        "Total number": "1",
        "Decisions upheld": "0",
        "Decisions partially reversed": "0",
        "Decisions reversed": "1",
    }
    folder = tmp_path / "report"
    stated = tmp_path / "stated.toml"
    stated.write_text("provider = 'House GmbH'\nprevious = 2026-02-01\n[orders]\nnone = true\n")
    options = ("--from", DAY, "--to", DAY, "--out", folder, "--stated", stated, "--json")
    made = house.assay("report", "dsa", *options)
    assert made.code == 0, made.err
    assert (made.json["problems"], made.json["restrictions"], made.json["appeals"]["reversed"]) == ([], 2, 1)
    assert "House GmbH" in (folder / "1_report_identification.csv").read_text()
    assert house.assay("report", "check", folder).code == 0
    (folder / "9_human_resources.csv").write_text("Applicability\n")
    assert house.assay("report", "check", folder).code == 1
    assert house.assay("report", "dsa", "--from", DAY, "--to", DAY, "--out", folder).code == 3, "it is not empty"
    assert house.assay("report", "dsa", "--from", DAY, "--to", "soon", "--out", tmp_path / "x").code == 3


@pytest.mark.parametrize(
    ("language", "title", "changed"),
    [
        ("en", "Transparency", "The decision was changed"),
        ("fr", "Transparence", "La décision a été changée"),
        ("de", "Transparenz", "Die Entscheidung wurde geändert"),
        ("es", "Transparencia", "La decisión se cambió"),
    ],
)
def test_anybody_reads_the_figures_in_their_language(at, told, language, title, changed):
    with at.client() as client:
        client.headers["Accept"] = "text/html"
        page = client.get("/transparency", params={"lang": language})
    assert page.status_code == 200 and f"<h1>{title}</h1>" in page.text and changed in page.text
    assert "{" not in page.text.split("<main")[1], "a placeholder was left"


def test_programs_read_the_same_figures(at, told):
    with at.client() as client:
        found = client.get("/transparency.json").json()
    assert found["by_means"]["rows"] == [["automatic", 2]] and found["by_category"]["total"] == 2
    assert found["appeals"]["rows"] == [["reversed", 1]]
    assert (found["overturned"]["percent"], found["overturned"]["of"]) == (100, 1)


def test_who_may_read_the_record(at, told, lead):
    operator = ApiAccount(*create_account(at.installation.accounts, (Role.OPERATOR,)))
    for account, status in ((lead, 200), (operator, 200), (at.platform, 403), (at.moderator, 403)):
        with at.browser(account) as browser:
            assert browser.get("/record").status_code == status
            for what in ("statements.json", "statements.csv", "report.zip", "takedowns.json", "takedowns.csv"):
                assert browser.get(f"/record/{what}", params={"since": DAY, "until": DAY}).status_code == status
            assert browser.get("/record/report.zip", params={"since": "x", "until": DAY}).status_code in (400, 403)
    with at.client() as stranger:
        stranger.headers["Accept"] = "text/html"
        assert stranger.get("/record").status_code == 303


def test_the_bundle_has_what_the_author_may_see_and_its_proof_holds(at, told, lead, house):
    assert house.assay("audit", "anchor").code == 0
    with at.browser(at.platform) as browser:
        found = browser.get(f"/record/bundle/{told['won']}").json()
    assert found["format"] == "assay-appeal-bundle/1" and found["request"].startswith(GORE)
    (appeal,) = found["appeals"]
    assert (appeal["words"], appeal["reply"], appeal["outcome"]) == (
        "It is a painting by Goya.",
        "You are right.",
        "allowed",
    )
    assert [one["what"] for one in found["events"]] == ["asked for", "refused", "appealed", "a person ruled", "allowed"]
    assert found["statements"][0]["lifted"] and problems(found["statements"][0]["statement"]) == {}
    text = json.dumps(found)
    for other in (at.moderator.person.id, at.platform.person.id, "score", "threshold"):
        assert other not in text
    proof = found["proof"]
    head = read_log_head(proof["checkpoint"], parse_note_key(proof["key"]))
    previous = None
    for one in proof["events"]:
        path = [bytes.fromhex(step) for step in one["inclusion"]]
        assert inclusion_holds(hash_leaf(one["record"].encode()), one["position"], head.size, path, head.root)
        record = parse_event_record(one["record"])
        assert record.case_id == told["won"] and (previous is None or record.previous == previous)
        previous = record.hash
    with at.browser(at.other) as stranger, at.browser(lead) as reader:
        assert stranger.get(f"/record/bundle/{told['won']}").status_code == 404
        assert reader.get(f"/record/bundle/{told['won']}").status_code in (403, 404), "a lead sees no case"


def test_a_notice_about_an_intimate_image_is_in_the_log_the_report_and_the_statement(at, told, lead):
    """The claims desk's own store; the video is one that came down because of it."""
    ledger, claims = at.installation.ledger, at.installation.record.claims
    case = carry(ledger, new_case(), Phase.PUBLISHED)
    received = datetime.now(UTC)
    claim = Claim(
        id="AAAA-BBBB-CCCC-DDDD",
        secret_sha256="0" * 64,
        kind=ClaimKind.INTIMATE_IMAGE,
        law="us_take_it_down",
        received_at=received,
        due_at=received + timedelta(hours=48),
        case_ids=(case.id,),
        urls=("https://a.example/v",),
        contact_text="t-contact",
    )
    claims.add(claim, ClaimStep(step="received", at=received))
    ledger.append(case, [Recalled(by=CLAIMS_ACTOR, code=CLAIM_RECALL), Withdrawn()])
    now = datetime.now(UTC)
    done = replace(claim, decision=ClaimDecision.UPHELD, decided_at=now, removed_at=now, upheld_ids=(case.id,))
    claims.change(done, ClaimStep(step="decided", at=now))
    with at.browser(lead) as browser:
        (entry,) = download(browser, "takedowns.json").json()["claims"]
        found = download(browser, "statements.json").json()["statements"]
        packed = zipfile.ZipFile(io.BytesIO(download(browser, "report.zip").content))
        rows = list(csv.DictReader(io.StringIO(packed.read("4_notices.csv").decode())))
    assert (entry["in_time"], entry["decision"], entry["videos"], entry["copies"]) == ("yes", "upheld", 1, 0)
    (statement,) = [one for one in found if one["source_type"] == "SOURCE_ARTICLE_16"]
    assert statement["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert statement["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT" and problems(statement) == {}
    assert rows[0]["Number of notices received "] == "1"
    assert rows[0]["Number of actions taken on the basis of the law"] == "1"
    assert check_report({name: packed.read(name).decode() for name in packed.namelist()}) == []
    assert "t-contact" not in json.dumps([entry, found])


def test_statements_are_sent_by_the_command_once(at, told, house):
    days = ("--from", DAY, "--to", DAY)
    off = house.assay("report", "submit", *days)
    assert off.code == 3 and "dsa_url" in off.err
    with serving_database() as database:
        settings = {"ASSAY_DSA_URL": database.url, "ASSAY_DSA_TOKEN": TOKEN, "ASSAY_STATEMENTS_SENT": "all"}
        dry = house.assay("report", "submit", *days, "--dry-run", env=settings)
        assert dry.code == 0 and len(dry.json["statements"]) == 3 and database.requests == []
        sent = house.assay("report", "submit", *days, "--json", env=settings)
        assert (sent.code, sent.json["sent"]) == (0, 3), sent.err
        again = house.assay("report", "submit", *days, "--json", env=settings)
        assert (again.json["queued"], again.json["sent"]) == (0, 0) and len(database.statements) == 3
    assert TOKEN not in sent.out + sent.err


def test_the_commands_write_files_and_say_what_is_wrong(at, told, house, tmp_path):
    days = ("--from", DAY, "--to", DAY)
    assert house.assay("report", "statements", *days, "--csv", "--out", tmp_path / "s.csv").code == 0
    assert len((tmp_path / "s.csv").read_text().splitlines()) == 4
    assert len(house.assay("report", "takedowns", *days).json["claims"]) == 1
    assert house.assay("report", "takedowns", *days, "--csv").out.startswith("claim,law,received")
    assert house.assay("report", "bundle", told["lost"]).json["appeals"] == []
    assert house.assay("report", "bundle", "0011223344556677").code == 3
    assert house.assay("report", "statements", "--from", DAY, "--to", "2020-01-01").code == 3
    assert house.assay("report", "public").code == 0
