"""An owner in the terminal: every command of the portal, as text and as JSON."""

import json

import pytest

pytestmark = pytest.mark.postgres
MIRA, ANA = ("--account", "acct_mira"), ("--account", "acct_ana")

ENROL = """
from pipeline.accounts import Account
from pipeline.cli.cli_common import open_installation
from core.roles import Principal, Role
with open_installation() as house:
    for name in ("acct_mira", "acct_ana", "acct_ben"):
        house.accounts.save(Account(id=name, roles=frozenset({Role.PLATFORM})))
    cameo = house.service.cameos.stores.cameos.add("mira", "acct_mira")
    house.service.cameos.review.activate(cameo, by="acct_mira")
    print(cameo.id)
"""


@pytest.fixture(scope="module")
def enrolled(installation):
    made = installation.python(ENROL)
    assert made.code == 0, made.err
    return made.out.strip()


@pytest.fixture(scope="module")
def assay(installation, enrolled):
    def run(*arguments, code=0):
        said = installation.assay(*arguments)
        assert said.code == code, (arguments, said.out, said.err)
        return said

    return run


def test_a_permission_is_narrow_unless_the_command_says_otherwise_and_wide_ones_need_yes(assay):
    given = assay("cameo", "lease", "mira", "--to", "acct_ana", *MIRA, "--json").json["lease"]
    assert given["terms"]["purposes"] == ["personal", "parody", "education", "news"]
    assert sorted(given["terms"]["bans"]) == ["alcohol", "politics", "revealing", "romance"] and given["until"]
    wide = ("cameo", "lease", "mira", "--to", "*", "--purpose", "any", "--no", "nothing", "--until", "never")
    refused = assay(*wide, "--no-approve-each", *MIRA, code=3)
    assert "It has no end" in refused.err and "every purpose" in refused.err
    taken = assay(*wide, "--no-approve-each", "--yes", *MIRA, "--json").json["lease"]
    assert (taken["until"], taken["terms"]["purposes"], taken["terms"]["approval"]) == (None, [], False)
    revoked = assay("cameo", "revoke", taken["id"], *MIRA, "--json").json
    assert revoked["receipt"]["kind"] == "revoked"
    [report] = [
        one for one in assay("cameo", "down", "mira", *MIRA, "--json").json if one["cascade"]["lease"] == taken["id"]
    ]
    progress = assay("cameo", "progress", "mira", report["cascade"]["id"], *MIRA, "--json").json
    assert (progress["total"], progress["done"]) == (0, True)


def test_who_may_make_videos_is_chosen_and_shown(assay):
    assert assay("cameo", "audience", "mira", *MIRA).out.strip() == "named"
    assert "Anyone with an account" in assay("cameo", "audience", "mira", "--choose", "everyone", *MIRA, code=3).err
    chosen = assay("cameo", "audience", "mira", "--choose", "everyone", "--yes", *MIRA, "--json").json
    assert [one["holder"] for one in chosen["granted"]] == ["*"]
    assert assay("cameo", "audience", "mira", *MIRA, "--json").json == {"audience": "everyone"}
    assay("cameo", "audience", "mira", "--choose", "me", "--yes", *MIRA)
    assert "is no choice" in assay("cameo", "audience", "mira", "--choose", "all", *MIRA, code=3).err


def test_people_are_known_and_blocked(assay):
    assay("cameo", "know", "acct_ana", *MIRA)
    assay("cameo", "know", "acct_mira", *ANA)
    assert assay("cameo", "known", *MIRA).out.strip() == "acct_ana mutual"
    assay("cameo", "block", "acct_ben", *MIRA)
    assert [one["account"] for one in assay("cameo", "blocked", *MIRA, "--json").json["blocked"]] == ["acct_ben"]
    assert assay("cameo", "blocked", *ANA).out.strip() == "nobody"
    assay("cameo", "unblock", "acct_ben", *MIRA)
    assert assay("cameo", "blocked", *MIRA, "--json").json == {"blocked": []}
    assay("cameo", "block", "acct_ben", "--end-user", "u-7", *MIRA)
    [one] = assay("cameo", "blocked", *MIRA, "--json").json["blocked"]
    assert one["account"].startswith("acct_ben#") and "u-7" not in one["account"]
    assay("cameo", "unblock", "acct_ben", "--end-user", "u-7", *MIRA)
    assert "nobody here has the account" in assay("cameo", "block", "acct_nobody", *MIRA, code=3).err


def test_notices_are_read(assay):
    assert assay("cameo", "read", *MIRA, "--json").json["read"] > 0
    assert assay("cameo", "read", *MIRA).out.strip() == "0 notices are read"
    assert all(one["seen"] for one in assay("cameo", "notices", *MIRA, "--json").json)


def test_who_erases_themselves_gets_a_certificate_that_the_audit_checks(assay, enrolled, tmp_path):
    case = assay("submit", "@mira waves", "--purpose", "personal", *ANA, "--no-wait", "--json", code=6).json["case"]
    there = tmp_path / "there.mp4"
    there.write_bytes(b"x")
    assert "is there already" in assay("cameo", "watch", "mira", case["id"], "--to", there, *MIRA, code=3).err
    assert "no video yet" in assay("cameo", "watch", "mira", case["id"], "--to", tmp_path / "a.mp4", *MIRA, code=3).err
    assert "nothing was erased" in assay("cameo", "certificate", *MIRA).out
    assay("cameo", "erase", "mira", "--yes", *MIRA)
    assay("audit", "anchor")
    assert assay("cameo", "certificate", *MIRA).out.split()[::2] == [enrolled, "ready"]
    file = tmp_path / "certificate.json"
    assay("cameo", "certificate", enrolled, "--to", file, *MIRA)
    told = assay("audit", "verify", file, "--json").json
    assert (told["intact"], told["proven"], told["without_proof"], told["own_keys"]) == (True, 1, 0, True)
    assert "the certificate holds" in assay("audit", "verify", file).out
    assert "no such erasure" in assay("cameo", "certificate", enrolled, *ANA, code=3).err
    given = json.loads(file.read_text())
    file.write_text(json.dumps(given | {"says": given["says"] | {"issued": "2020-01-01T00:00:00+00:00"}}))
    assert "not what was signed" in assay("audit", "verify", file, code=1).out
    assert "there is no" in assay("audit", "verify", tmp_path / "lost.json", code=3).err
    given["log"]["proofs"][0]["position"] += 1
    file.write_text(json.dumps(given))
    assert "not in the log" in assay("audit", "verify", file, code=1).out
    file.write_text("{}")
    assert assay("audit", "verify", file, "--json", code=1).json["intact"] is False
