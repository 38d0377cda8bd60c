"""The gate before a release: nothing installed is known to be vulnerable, or it says why it cannot tell.

`pip-audit` answers "no known vulnerabilities" also where the advisory service knew none of the packages, as behind a
mirror of the registry. Here a package that nobody judged is not one that was found clean: that is an answer of its own,
with an exit code of its own, and no release passes on it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

PASSED, VULNERABLE, CANNOT_TELL = 0, 1, 3
_ACCEPTED = Path(__file__).with_name("accepted.toml")
_LONGEST = 900
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Ids of vulnerabilities, and packages that nobody judges, that are accepted as of a day."""

    vulnerabilities: frozenset[str]
    unjudged: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An exit code, and what is said with it."""

    code: int
    lines: tuple[str, ...]


def gate(pip_audit: Path, site_packages: Path, *, today: date) -> Answer:
    """Ask pip-audit about everything in a folder of packages."""
    command = [str(pip_audit), "--path", str(site_packages), "--skip-editable", "--format", "json"]
    try:
        asked = subprocess.run(
            [*command, "--progress-spinner", "off"], capture_output=True, text=True, timeout=_LONGEST, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _cannot_tell(f"pip-audit did not answer ({type(error).__name__}): `make audit` installs it")
    try:
        report = json.loads(asked.stdout)
    except ValueError:
        last = (asked.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return _cannot_tell(f"the advisory service could not be reached ({last[:200]})")
    return judge(report, accepted(_ACCEPTED.read_text(), today))


def judge(report: Mapping[str, Any], known: Accepted) -> Answer:
    """What a report of pip-audit means. A vulnerability is told before anything else."""
    packages = report.get("dependencies") or []
    if not packages:
        return _cannot_tell("pip-audit looked at no package")
    found = [
        f"{one['name']} {one.get('version', '')}: {flaw['id']}, mended in {_mended(flaw)}"
        for one in packages
        for flaw in one.get("vulns") or ()
        if not known.vulnerabilities & {flaw["id"], *(flaw.get("aliases") or ())}
    ]
    unjudged = [one["name"] for one in packages if "vulns" not in one and one["name"] not in known.unjudged]
    if found:
        return Answer(code=VULNERABLE, lines=(f"{len(found)} known vulnerabilities:", *found))
    if unjudged:
        named = ", ".join(unjudged[:_NAMED]) + (", ..." if len(unjudged) > _NAMED else "")
        return _cannot_tell(f"{len(unjudged)} of {len(packages)} packages could not be judged ({named})")
    return Answer(code=PASSED, lines=(f"{len(packages)} packages, no known vulnerability that is not accepted",))


def accepted(text: str, today: date) -> Accepted:
    """What accepted.toml accepts as of a day. Raises KeyError for an entry without id, reason or day."""
    content = tomllib.loads(text)
    return Accepted(
        vulnerabilities=_valid(content.get("vulnerability", ()), "id", today),
        unjudged=_valid(content.get("unjudged", ()), "package", today),
    )


def _valid(entries: Sequence[Mapping[str, Any]], name: str, today: date) -> frozenset[str]:
    return frozenset(str(one[name]) for one in entries if one["why"] and one["until"] >= today)


def _mended(flaw: Mapping[str, Any]) -> str:
    return ", ".join(flaw.get("fix_versions") or ()) or "no version yet"


def _cannot_tell(why: str) -> Answer:
    return Answer(code=CANNOT_TELL, lines=(f"cannot tell: {why}", "a release needs an answer; nothing was passed"))


def main(arguments: Sequence[str]) -> int:
    """Say it; the exit code is the answer's."""
    answer = gate(Path(arguments[0]), Path(arguments[1]), today=datetime.now(UTC).date())
    sys.stderr.write("".join(f"audit: {line}\n" for line in answer.lines))
    return answer.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
