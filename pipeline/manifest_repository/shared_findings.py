"""FindingSharing an answer of the verifier without the file, and saying what one thinks of it. Open to anyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from core.codec import dump, load
from core.errors import NotFound
from core.finding import Finding
from core.roles import Principal, Role, require_role
from registry.shared_results import Feedback


class SharedFindingStore(Protocol):
    """Stores shared answers and feedback (registry.shared_results)."""

    def share(self, body: dict[str, object]) -> str:
        """Keep an answer."""

    def get_shared(self, name: str) -> tuple[dict[str, object], datetime]:
        """A shared answer."""

    def add_feedback(self, verdict: str, opinion: str, note: str) -> None:
        """Keep feedback."""

    def said(self, *, limit: int = 100) -> Sequence[Feedback]:
        """Feedback, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSharing:
    """Answers by random links, and feedback."""

    answers: SharedFindingStore

    def share(self, finding: Finding) -> str:
        """Keep an answer for a while, without the name of its file; returns the name of its link."""
        return self.answers.share(dump(replace(finding, file="")))

    def get_shared(self, name: str) -> tuple[Finding, datetime]:
        """The answer under a link, and until when it can be had. Raises NotFound."""
        body, expires = self.answers.get_shared(name)
        try:
            finding: Finding = load(Finding, body)
        except (TypeError, ValueError):
            raise NotFound("this answer was given by another version and cannot be shown") from None
        return finding, expires

    def add_feedback(self, verdict: str, opinion: str, note: str) -> None:
        """Store feedback about an answer. Raises BadInput."""
        self.answers.add_feedback(verdict, opinion, " ".join(note.split()))

    def said(self, principal: Principal, *, limit: int = 100) -> Sequence[Feedback]:
        """What people said, newest first. Raises Forbidden."""
        require_role(principal, Role.MODERATOR)
        return self.answers.said(limit=limit)
