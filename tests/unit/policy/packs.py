"""Small vocabularies and packs for the tests of policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.signals import Signal, Subject
from policy.pack import load
from policy.vocabulary import FACTS, Vocabulary

PROMPT, REFERENCE, VIDEO = Subject.PROMPT, Subject.REFERENCE, Subject.VIDEO

VOCABULARY = Vocabulary(
    labels={
        "sexual": frozenset({PROMPT}),
        "hate": frozenset({PROMPT}),
        "gore": frozenset({PROMPT, REFERENCE, VIDEO}),
        "nudity": frozenset({REFERENCE, VIDEO}),
    },
    facts=FACTS,
)

RULE = """\
gate         = "{gate}"
when         = {when}
then         = "{then}"
reason       = "{reason}"
dsa_category = "VIOLENCE"
owner        = "policy@assay.example"
version      = 1
{more}
[[examples]]
scores = {fires}
gives  = "{then}"

[[examples]]
scores = {quiet}
gives  = "allow"
"""


def rule(label: str, *, gate: str = "prompt", then: str = "hold", at: float = 0.5, more: str = "") -> str:
    """A rule file about one label."""
    return RULE.format(
        gate=gate,
        when=f'"{label} >= {at}"',
        then=then,
        reason=f"It is about {label}.",
        more=more,
        fires=f"{{ {label} = {at} }}",
        quiet=f"{{ {label} = 0.0 }}",
    )


VALID_RULES: Mapping[str, str] = {"prompt_sexual": rule("sexual"), "video_gore": rule("gore", gate="video")}


def write_pack(folder: Path, **rules: str) -> Path:
    """A folder with these rules, and with two sound ones that guard the gates."""
    for name, text in {**VALID_RULES, **rules}.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def signal(label: str, score: float | None, subject: Subject = PROMPT) -> Signal:
    """A signal of nobody in particular."""
    return Signal(subject=subject, label=label, score=score, source="test/1")


@dataclass(frozen=True)
class FolderSource:
    """A PolicySource of the rules in a folder."""

    folder: Path
    words: Vocabulary = VOCABULARY

    def load_installed(self):
        return load(self.folder, VOCABULARY)

    def vocabulary(self):
        return self.words
