"""The house as it should stand: small rooms, heavy things loaded late, no traces of a machine."""

import re
import subprocess
import sys

from tests.conftest import ROOT

PACKAGES = [
    "assay",
    "core",
    "media",
    "classifiers",
    "policy",
    "registry",
    "provenance",
    "pipeline",
    "console",
    "evals",
    "deploy",
]
HEAVY = ["torch", "onnxruntime", "open_clip", "insightface", "dlib", "faust", "kafka", "c2pa"]


def sources():
    return [p for package in PACKAGES for p in (ROOT / package).rglob("*.py")]


def test_no_file_is_over_four_hundred_lines():
    assert {str(p.relative_to(ROOT)): n for p in sources() if (n := len(p.read_text().splitlines())) > 400} == {}


def test_wiring_the_house_loads_no_model_library():
    code = f"import sys, pipeline.wiring, pipeline.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_every_package_says_what_it_is_for():
    silent = [p for p in PACKAGES if not (ROOT / p / "__init__.py").read_text().startswith('"""')]
    assert silent == []


def test_no_path_of_a_machine_is_in_the_repository():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    needles = [b"/" + b"work/", b"/" + b"root/"]
    found = []
    for name in listed.stdout.split():
        file = ROOT / name
        if file.is_file() and file.suffix in {
            ".py",
            ".md",
            ".toml",
            ".sql",
            ".txt",
            ".json",
            ".html",
            ".js",
            ".css",
            ".j2",
            "",
        }:
            found += [name for needle in needles if needle in file.read_bytes()]
    assert found == []


def test_only_the_ledger_speaks_sql_to_its_tables():
    """Others read the ledger's views, by named columns; evals may fill a database with millions of rows."""
    tables = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:cases|events)\b|\bbody\s*(?:->|#>)")
    migrations = {"020_manifests.sql", "030_cameos.sql", "041_copies.sql"}  # applied long ago: never edited
    elsewhere = [p for package in PACKAGES for p in (ROOT / package).rglob("*") if p.suffix in {".py", ".sql"}]
    found = [
        str(p.relative_to(ROOT))
        for p in elsewhere
        if not p.is_relative_to(ROOT / "pipeline" / "ledgers")
        and not p.is_relative_to(ROOT / "evals")
        and p.name not in migrations
        and tables.search(p.read_text())
    ]
    assert found == []


def test_pages_and_commands_take_consent_by_its_public_face():
    outside = [p for package in ("console", "assay") for p in (ROOT / package).rglob("*.py")]
    outside += [*(ROOT / "pipeline" / "cli").glob("*.py"), ROOT / "pipeline" / "service.py"]
    inner = re.compile(r"^\s*(?:from|import) registry\.consent\.", re.M)
    assert [str(p.relative_to(ROOT)) for p in outside if inner.search(p.read_text())] == []
