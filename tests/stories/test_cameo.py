"""A likeness in the terminal: enrolled for an estate, leased, used, taken back, erased."""

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.models]
ANY = ("--purpose", "any", "--until", "never", "--yes")
HEIR, ANA = ("--account", "acct_heir"), ("--account", "acct_ana")


def portrait():
    """Eileen Collins, astronaut: NASA's photograph, public domain."""
    return ROOT / "classifiers" / "examples" / "astronaut.png"


@pytest.fixture(scope="module")
def assay(installation):
    def run(*arguments, code=0):
        said = installation.assay(*arguments)
        assert said.code == code, (arguments, said.out, said.err)
        return said

    return run


@pytest.fixture(scope="module")
def held(assay):
    proof = "I am her executor"
    said = assay(
        "cameo",
        "enrol",
        "eileen",
        "--kind",
        "estate",
        "--picture",
        portrait(),
        "--proof",
        proof,
        *HEIR,
        "--json",
        code=5,
    )
    return said.json


@pytest.fixture(scope="module")
def leased(assay, held):
    assay("cameo", "admit", "@eileen")
    return assay("cameo", "lease", "@Eileen", "--to", "acct_ana", "--no", "alcohol", *ANY, *HEIR, "--json").json


@pytest.fixture(scope="module")
def used(assay, leased):
    return assay("submit", "@eileen waves", *ANA, "--no-wait", "--json", code=6).json["case"]


def test_an_estate_is_held_until_somebody_looked_at_the_proof(held):
    assert (held["state"], held["kind"], held["owner"]) == ("held", "estate", "acct_heir")


def test_a_lease_says_what_is_allowed_and_a_case_names_the_person_by_id(held, leased, used):
    assert leased["lease"]["terms"]["bans"] == ["alcohol"]
    assert used["submitted"]["cameos"] == [held["id"]]


def test_what_is_taken_back_comes_down_and_the_maker_is_told(assay, leased, used):
    down = assay("cameo", "revoke", leased["lease"]["id"], *HEIR, "--json").json["down"]
    assert [one["case_id"] for one in down] == [used["id"]]
    assert "no longer agrees" in assay("cameo", "notices", *ANA).out
    assert assay("cameo", "receipt", leased["receipt"]["jws"], code=1).out.startswith("revoked")


def test_what_is_erased_is_not_there_any_more(assay, leased):
    assert "--yes" in assay("cameo", "erase", "eileen", *HEIR, code=3).err
    assay("cameo", "erase", "eileen", "--yes", *HEIR)
    assert "no such cameo" in assay("cameo", "show", "eileen", *HEIR, code=3).err
