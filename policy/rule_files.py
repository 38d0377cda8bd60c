"""Reads rule files. A key that is not known is an error: a misspelt `mode` must not leave a rule unenforced."""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import PolicyError
from core.verdicts import Decision, Gate
from policy.audience import AUDIENCE_FACTS, Audience
from policy.evaluation_input import fits_fact_type
from policy.problems import Problem
from policy.rule import DSA_CATEGORIES, Mode, Rule, RuleExample

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")

_REQUIRED = object()

# key: (type, values allowed, default or _REQUIRED where the key must be given)
_KEYS: Mapping[str, tuple[type, frozenset[str] | None, object]] = {
    "gate": (str, frozenset(gate.value for gate in Gate), _REQUIRED),
    "when": (str, None, _REQUIRED),
    "then": (str, frozenset({"hold", "refuse"}), _REQUIRED),
    "if_missing": (str, frozenset({"allow", "hold", "refuse"}), "hold"),
    "why": (str, None, ""),
    "mode": (str, frozenset(mode.value for mode in Mode), "enforce"),
    "final": (bool, None, False),
    "two_person": (bool, None, False),
    "threshold": (float, None, None),
    "audiences": (list, None, []),
    "reason": (str, None, _REQUIRED),
    "dsa_category": (str, DSA_CATEGORIES, _REQUIRED),
    "owner": (str, None, _REQUIRED),
    "version": (int, None, _REQUIRED),
    "examples": (list, None, _REQUIRED),
}
_EXAMPLE_KEYS: Mapping[str, tuple[type, frozenset[str] | None, object]] = {
    "scores": (dict, None, {}),
    "facts": (dict, None, {}),
    "at": (dict, None, {}),
    "gives": (str, frozenset({"allow", "hold", "refuse"}), _REQUIRED),
}
_AUDIENCE_KEYS: Mapping[str, tuple[type, frozenset[str] | None, object]] = {
    "threshold": (float, None, _REQUIRED),
    "milder": (bool, None, False),
    "why": (str, None, ""),
}


def read_rules(folder: Path) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """The rules of a folder and of the folders in it, by name, and what is wrong with files that are none.

    Raises PolicyError if there is no such folder. Conditions are not checked here.
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
        match = _AT_LINE.search(str(error))
        line = int(match[1]) if match and match[1] else text.count("\n") + 1
        return [Problem(file=file, line=line, text=f"not TOML: {_AT_LINE.sub('', str(error))}")]
    lines = _lines(text)
    problems = [Problem(file=file, line=line, text=words) for line, words in _faults(path.stem, data, lines)]
    return problems or _rule_from(path.stem, file, {k: d for k, (_, _, d) in _KEYS.items()} | data, lines)


def _rule_from(name: str, file: str, data: Mapping[str, Any], lines: Mapping[str, int]) -> Rule:
    examples = tuple(
        RuleExample(
            scores={label: float(score) for label, score in example.get("scores", {}).items()},
            facts=example.get("facts", {}),
            at={label: (float(span[0]), float(span[1])) for label, span in example.get("at", {}).items()},
            gives=Decision[example["gives"].upper()],
            line=lines.get(f"examples[{number}]", 0),
        )
        for number, example in enumerate(data["examples"])
    )
    plain_keys = ("when", "final", "two_person", "threshold", "why", "dsa_category", "owner", "version")
    plain = {key: data[key] for key in plain_keys}
    return Rule(
        name=name,
        file=file,
        gate=Gate(data["gate"]),
        then=Decision[data["then"].upper()],
        if_missing=Decision[data["if_missing"].upper()],
        mode=Mode(data["mode"]),
        reason=" ".join(data["reason"].split()),
        audiences=tuple(_audiences(data["audiences"], lines)),
        examples=examples,
        lines=lines,
        **plain,
    )


def _audiences(tables: list[Mapping[str, Any]], lines: Mapping[str, int]) -> Iterator[Audience]:
    for number, table in enumerate(tables):
        yield Audience(
            facts={name: value for name, value in table.items() if name in AUDIENCE_FACTS},
            threshold=table["threshold"],
            milder=table.get("milder", False),
            why=" ".join(table.get("why", "").split()),
            line=lines.get(f"audiences[{number}]", 1),
        )


def _faults(name: str, data: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    if not _NAME.fullmatch(name):
        yield 0, "the file's name is the rule's: lower-case letters, digits and _"
    faults = list(_key_faults(data, _KEYS))
    yield from ((lines.get(key, 1), text) for key, text in faults)
    if faults:
        return
    yield from ((lines.get(key, 1), text) for key, text in _contradictions(data))
    for kind, find in (("examples", _example_faults), ("audiences", _audience_faults)):
        for number, table in enumerate(data.get(kind, [])):
            yield from ((lines.get(f"{kind}[{number}]", 1), text) for text in find(table))


def _key_faults(data: Mapping[str, Any], keys: Mapping[str, tuple[type, Any, Any]]) -> Iterator[tuple[str, str]]:
    for key in data.keys() - keys.keys():
        yield key, f"there is no key `{key}`; there are {', '.join(keys)}"
    for key, (kind, allowed, default) in keys.items():
        if key not in data:
            if default is _REQUIRED:
                yield key, f"the key `{key}` is missing"
        elif type(data[key]) is not kind:
            yield key, f"`{key}` must be of type {kind.__name__}"
        elif allowed and data[key] not in allowed:
            yield key, f"`{key}` must be one of {', '.join(sorted(allowed))}"


def _contradictions(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys that are well formed but contradict each other."""
    then, missing = data["then"], data.get("if_missing", "hold")
    if missing == "allow" and not data.get("why", "").strip():
        yield "if_missing", "to allow what could not be measured, say `why`"
    if missing == "refuse" and then == "hold":
        yield "if_missing", "missing evidence may not be graver than what it might have shown: `then` is only hold"
    for key in ("when", "reason", "owner"):
        if not data[key].strip():
            yield key, f"`{key}` is empty"
    if data.get("final") and data.get("two_person"):
        yield "two_person", "no ruling lifts a rule that is final, of two persons neither: choose one"
    if data.get("audiences") and "threshold" not in data:
        yield "audiences", "audiences have thresholds other than the rule's own: give `threshold`"
    if not 0.0 < data.get("threshold", 1.0) < math.inf:
        yield "threshold", "`threshold` must be above 0"
    if data["version"] < 1:
        yield "version", "versions count from 1"
    if not data["examples"]:
        yield "examples", "a rule needs examples: one that fires it and one that it allows"


def _example_faults(example: object) -> Iterator[str]:
    if not isinstance(example, dict):
        yield "an example is a table: [[examples]]"
        return
    faults = [text for _, text in _key_faults(example, _EXAMPLE_KEYS)]
    yield from faults
    for label, score in {} if faults else example.get("scores", {}).items():
        if type(score) not in (int, float) or not 0.0 <= score <= 1.0:
            yield f"the score of '{label}' must be from 0 to 1"
    for label, span in {} if faults else example.get("at", {}).items():
        if not _is_span(span):
            yield f"`at` of '{label}' is from when to when, in seconds: [0.0, 2.0]"


def _is_span(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2 or any(type(one) not in (int, float) for one in value):
        return False
    return bool(0.0 <= value[0] <= value[1] < math.inf)


def _audience_faults(table: object) -> Iterator[str]:
    if not isinstance(table, dict):
        yield "an audience is a table: [[audiences]]"
        return
    facts = {name: value for name, value in table.items() if name in AUDIENCE_FACTS}
    faults = [text for _, text in _key_faults({k: v for k, v in table.items() if k not in facts}, _AUDIENCE_KEYS)]
    yield from faults
    if not facts:
        yield f"an audience is named by facts of the account: {', '.join(AUDIENCE_FACTS)}"
    for name, value in facts.items():
        if not fits_fact_type(value, AUDIENCE_FACTS[name]):
            yield f"the fact '{name}' is of type {AUDIENCE_FACTS[name].__name__}"
    if not faults and not 0.0 < table["threshold"] < math.inf:
        yield "`threshold` must be above 0"


def _lines(text: str) -> dict[str, int]:
    """Where each key of the rule, each example and each audience begins. tomllib does not say.

    A multi-line `when` begins a line below its key.
    """
    line_numbers: dict[str, int] = {}
    tables: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        if table := re.match(r"\s*\[\[\s*(examples|audiences)\s*\]\]", line):
            line_numbers[f"{table[1]}[{tables[table[1]]}]"] = number
            line_numbers.setdefault(table[1], number)
            tables[table[1]] += 1
        elif not tables and (key := re.match(r"\s*(\w+)\s*=\s*(\"{3}|'{3})?\s*$|\s*(\w+)\s*=", line)):
            line_numbers.setdefault(key[1] or key[3], number + 1 if key[2] else number)
    return line_numbers
