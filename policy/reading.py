"""Reads rule files. A key that is not known is an error: a misspelt `mode` must not leave a rule unenforced."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import PolicyError
from core.verdicts import Decision, Gate
from policy.problems import Problem
from policy.rule import DSA_CATEGORIES, Example, Mode, Rule

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")

# key: (type, values allowed, default or None where the key must be given)
_KEYS: Mapping[str, tuple[type, frozenset[str] | None, Any]] = {
    "gate": (str, frozenset(gate.value for gate in Gate), None),
    "when": (str, None, None),
    "then": (str, frozenset({"hold", "refuse"}), None),
    "if_missing": (str, frozenset({"allow", "hold", "refuse"}), "hold"),
    "why": (str, None, ""),
    "mode": (str, frozenset(mode.value for mode in Mode), "enforce"),
    "final": (bool, None, False),
    "reason": (str, None, None),
    "dsa_category": (str, DSA_CATEGORIES, None),
    "owner": (str, None, None),
    "version": (int, None, None),
    "examples": (list, None, None),
}
_EXAMPLE_KEYS: Mapping[str, tuple[type, frozenset[str] | None, Any]] = {
    "scores": (dict, None, {}),
    "facts": (dict, None, {}),
    "gives": (str, frozenset({"allow", "hold", "refuse"}), None),
}


def read(folder: Path) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """The rules of a folder and of the folders in it, by name, and what is wrong with files that are none.

    Raises PolicyError if there is no such folder. Conditions are not looked at here.
    """
    if not folder.is_dir():
        raise PolicyError(f"there is no folder of rules called {folder.name!r}: name one that holds *.toml files")
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*.toml")):
        file = path.relative_to(folder).as_posix()
        read_one = _rule(path, file)
        if isinstance(read_one, list):
            problems += read_one
        elif read_one.name in rules:
            text = f"the name {read_one.name!r} is taken by {rules[read_one.name].file}: rename this file"
            problems.append(Problem(file=file, line=0, text=text))
        else:
            rules[read_one.name] = read_one
    return tuple(sorted(rules.values(), key=lambda rule: rule.name)), tuple(problems)


def _rule(path: Path, file: str) -> Rule | list[Problem]:
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        return [Problem(file=file, line=0, text="not UTF-8 text: save it as UTF-8")]
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        return [Problem(file=file, line=line, text=f"not TOML: {_AT_LINE.sub('', str(error))}")]
    lines = _lines(text)
    problems = [Problem(file=file, line=line, text=words) for line, words in _faults(path.stem, data, lines)]
    return problems or _built(path.stem, file, {k: d for k, (_, _, d) in _KEYS.items()} | data, lines)


def _built(name: str, file: str, data: Mapping[str, Any], lines: Mapping[str, int]) -> Rule:
    examples = tuple(
        Example(
            scores={label: float(score) for label, score in example.get("scores", {}).items()},
            facts=example.get("facts", {}),
            gives=Decision[example["gives"].upper()],
            line=lines.get(f"examples[{number}]", 0),
        )
        for number, example in enumerate(data["examples"])
    )
    plain = {key: data[key] for key in ("when", "final", "why", "dsa_category", "owner", "version")}
    return Rule(
        name=name,
        file=file,
        gate=Gate(data["gate"]),
        then=Decision[data["then"].upper()],
        if_missing=Decision[data["if_missing"].upper()],
        mode=Mode(data["mode"]),
        reason=" ".join(data["reason"].split()),
        examples=examples,
        lines=lines,
        **plain,
    )


def _faults(name: str, data: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    if not _NAME.fullmatch(name):
        yield 0, "the file's name is the rule's: lower-case letters, digits and _"
    faults = list(_key_faults(data, _KEYS))
    yield from ((lines.get(key, 1), words) for key, words in faults)
    if faults:
        return
    yield from ((lines.get(key, 1), words) for key, words in _senseless(data))
    for number, example in enumerate(data["examples"]):
        yield from ((lines.get(f"examples[{number}]", 1), words) for words in _example_faults(example))


def _key_faults(data: Mapping[str, Any], keys: Mapping[str, tuple[type, Any, Any]]) -> Iterator[tuple[str, str]]:
    for key in data.keys() - keys.keys():
        yield key, f"there is no key `{key}`; there are {', '.join(keys)}"
    for key, (kind, allowed, default) in keys.items():
        if key not in data:
            if default is None:
                yield key, f"the key `{key}` is missing"
        elif type(data[key]) is not kind:
            yield key, f"`{key}` must be of type {kind.__name__}"
        elif allowed and data[key] not in allowed:
            yield key, f"`{key}` must be one of {', '.join(sorted(allowed))}"


def _senseless(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys that are well formed each by itself and do not go together."""
    then, missing = data["then"], data.get("if_missing", "hold")
    if missing == "allow" and not data.get("why", "").strip():
        yield "if_missing", "to allow what could not be measured, say `why`"
    if missing == "refuse" and then == "hold":
        yield "if_missing", "missing evidence may not be graver than what it might have shown: `then` is only hold"
    for key in ("when", "reason", "owner"):
        if not data[key].strip():
            yield key, f"`{key}` is empty"
    if data["version"] < 1:
        yield "version", "versions count from 1"
    if not data["examples"]:
        yield "examples", "a rule needs examples: one that fires it and one that it allows"


def _example_faults(example: object) -> Iterator[str]:
    if not isinstance(example, dict):
        yield "an example is a table: [[examples]]"
        return
    faults = [words for _, words in _key_faults(example, _EXAMPLE_KEYS)]
    yield from faults
    for label, score in {} if faults else example.get("scores", {}).items():
        if type(score) not in (int, float) or not 0.0 <= score <= 1.0:
            yield f"the score of '{label}' must lie from 0 to 1"


def _lines(text: str) -> dict[str, int]:
    """Where each key of the rule, and each example, begins. tomllib does not say; a multi-line `when` begins below."""
    found: dict[str, int] = {}
    examples = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[\[\s*examples\s*\]\]", line):
            found[f"examples[{examples}]"] = number
            found.setdefault("examples", number)
            examples += 1
        elif not examples and (key := re.match(r"\s*(\w+)\s*=\s*(\"{3}|'{3})?\s*$|\s*(\w+)\s*=", line)):
            found.setdefault(key[1] or key[3], number + 1 if key[2] else number)
    return found
