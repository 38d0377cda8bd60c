"""Searches of the queue that a person keeps under a name, as the query of the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import BadInput
from core.roles import Principal
from pipeline.moderation.review_desk import require_moderator
from pipeline.moderation.review_stores import SavedSearches

_NAME, _QUERY = 60, 500  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchShelf:
    """A moderator's own searches. Each method raises Forbidden for anybody else."""

    store: SavedSearches

    def save(self, who: Principal, name: str, query: str) -> None:
        """Keep a search under a name. Raises BadInput."""
        require_moderator(who)
        name = name.strip()
        if not 0 < len(name) <= _NAME:
            raise BadInput(f"a search has a name of 1 to {_NAME} characters")
        if not 0 < len(query) <= _QUERY:
            raise BadInput("there is nothing to keep: choose a queue, or search for something first")
        self.store.save(who.id, name, query)

    def delete(self, who: Principal, name: str) -> None:
        """Keep it no longer."""
        require_moderator(who)
        self.store.delete(who.id, name)

    def of(self, who: Principal) -> Mapping[str, str]:
        """One's searches by name."""
        require_moderator(who)
        return self.store.of(who.id)
