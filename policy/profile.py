"""A profile: what of a pack one kind of machine can measure, and in plain words what happens instead of the rest.

It may give rules another mode and says nothing else about them. The digest is that of the rules as they then are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import PolicyError
from policy.problems import Problem
from policy.rule import Mode, Rule
from policy.vocabulary import Vocabulary

PROFILES = Path(__file__).parent / "profiles"
_KEYS = ("says", "modes", "instead")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProfile:
    """Modes by rule, and by label what happens instead of measuring it. `text` is the file's."""

    name: str
    says: str
    modes: Mapping[str, Mode]
    instead: Mapping[str, str]
    text: str

    def line(self, key: str) -> int:
        """The line of a key in the file, counted from 1."""
        lines = enumerate(self.text.splitlines(), start=1)
        return next((number for number, line in lines if re.match(rf"\s*{re.escape(key)}\s*=", line)), 1)


def load_profile(name: str) -> PolicyProfile:
    """The profile that comes with Assay under this name, or that in a TOML file. Raises PolicyError."""
    path = Path(name).expanduser() if name.endswith(".toml") else PROFILES / f"{name}.toml"
    known = sorted(file.stem for file in PROFILES.glob("*.toml"))
    if not path.is_file() or not (name.endswith(".toml") or name in known):
        raise PolicyError(f"there is no profile {name!r}: it is one of {', '.join(known)}, or a TOML file")
    try:
        return parse_profile(path.stem, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise PolicyError(f"{path.name}: not UTF-8 text: save it as UTF-8") from None


def parse_profile(name: str, text: str) -> PolicyProfile:
    """A profile from its text. Raises PolicyError with file and line of what is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{name}.toml: not TOML: {error}") from None
    modes, instead = data.get("modes", {}), data.get("instead", {})
    profile = PolicyProfile(name=name, says=str(data.get("says", "")), modes={}, instead={}, text=text)
    for key in data.keys() - set(_KEYS):
        raise PolicyError(f"{name}.toml:{profile.line(key)}: there is no key `{key}`; there are {', '.join(_KEYS)}")
    if not isinstance(modes, dict) or not isinstance(instead, dict) or not profile.says.strip():
        raise PolicyError(f"{name}.toml:1: a profile has `says`, [modes] and [instead]")
    for rule, mode in modes.items():
        if mode not in set(Mode):
            raise PolicyError(f"{name}.toml:{profile.line(rule)}: a mode is one of {', '.join(Mode)}")
    for label, reason in instead.items():
        if not isinstance(reason, str) or not reason.strip():
            raise PolicyError(f"{name}.toml:{profile.line(label)}: say in words what happens instead of '{label}'")
    return replace(profile, modes={rule: Mode(mode) for rule, mode in modes.items()}, instead=instead)


def apply_profile(rules: Iterable[Rule], profile: PolicyProfile | None) -> tuple[Rule, ...]:
    """The rules in the modes that the profile gives them."""
    modes = profile.modes if profile else {}
    return tuple(replace(rule, mode=modes.get(rule.name, rule.mode)) for rule in rules)


def profile_problems(rules: Iterable[Rule], profile: PolicyProfile, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Rules and labels that a profile names and that are not there."""
    names = {rule.name for rule in rules}
    for rule in sorted(profile.modes.keys() - names):
        text = f"there is no rule '{rule}' in this pack"
        yield Problem(file=f"{profile.name}.toml", line=profile.line(rule), text=text)
    for label in sorted(profile.instead.keys() - vocabulary.labels.keys()):
        text = f"there is no label '{label}'"
        yield Problem(file=f"{profile.name}.toml", line=profile.line(label), text=text)
