"""A likeness in the terminal: enrolled for an estate, leased, used, taken back, erased."""

import os
from pathlib import Path

import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.models]


@pytest.fixture(scope="module")
def portrait():
    """Eileen Collins, astronaut: NASA's photograph, public domain, as scikit-image carries it."""
    import skimage

    return Path(os.fspath(skimage.__file__)).parent / "data" / "astronaut.png"


def test_a_likeness_from_enrolment_to_erasure(installation, portrait):
    def assay(*arguments, code=0):
        said = installation.assay(*arguments)
        assert said.code == code, (arguments, said.out, said.err)
        return said

    held = assay(
        "cameo", "enrol", "eileen", "--kind", "estate", "--picture", portrait, "--proof", "I am her executor",
        "--account", "acct_heir", "--json", code=5,
    ).json  # fmt: skip
    assert held["state"] == "held"
    assert "proof to be looked at" in assay("cameo", "held").out
    assay("cameo", "admit", held["id"])
    made = assay(
        "cameo", "lease", "@Eileen", "--to", "acct_ana", "--no", "alcohol", "--account", "acct_heir", "--json"
    ).json
    assert made["lease"]["terms"]["bans"] == ["alcohol"]
    assert assay("cameo", "receipt", made["receipt"]["jws"]).out.startswith("in_force")
    case = assay("submit", "@eileen waves", "--account", "acct_ana", "--no-wait", "--json", code=6).json["case"]
    assert case["submitted"]["cameos"] == [held["id"]]
    assert [one["case_id"] for one in assay("cameo", "uses", "eileen", "--account", "acct_heir", "--json").json] == [
        case["id"]
    ]
    down = assay("cameo", "revoke", made["lease"]["id"], "--account", "acct_heir", "--json").json["down"]
    assert [one["case_id"] for one in down] == [case["id"]]
    assert "no longer agrees" in assay("cameo", "notices", "--account", "acct_ana").out
    assert assay("cameo", "receipt", made["receipt"]["hash"], code=1).out.startswith("revoked")
    assert "--yes" in assay("cameo", "erase", "eileen", "--account", "acct_heir", code=3).err
    assay("cameo", "erase", "eileen", "--yes", "--account", "acct_heir")
    assert "no such cameo" in assay("cameo", "show", "eileen", "--account", "acct_heir", code=3).err
