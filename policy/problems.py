"""What is wrong with a policy, and where: the author of rules gets all problems at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing wrong with a rule file. `line` counts from 1 and is 0 where it concerns the whole pack."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


def with_caret(text: str, source: str, line: int, column: int) -> str:
    """The text, the line of the source it is about, and a caret under the column. Both count from 1."""
    lines = source.splitlines() or [""]
    shown = lines[min(line, len(lines)) - 1]
    return f"{text}\n    {shown}\n    {' ' * (column - 1)}^"
