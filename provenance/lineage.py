"""The history of a file as a tree: what it was made from, and what that was made from. Pure, over the library's JSON.

Other than manifests.walk it keeps the order of a tree (each branch to its end before the next), and it also knows what
came without any credentials, which is most of what people lay into a video.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provenance.manifests import Node, actions, items, mapping

MOST, DEEPEST = 50, 12


def history(store: Mapping[str, Any]) -> tuple[Node, ...]:
    """The file itself, then each ingredient followed by its own, at most MOST and DEEPEST steps back.

    The node of what came without credentials has an empty manifest. What is used twice is shown twice, and its own
    history once.
    """
    manifests = mapping(store.get("manifests"))
    active = str(store.get("active_manifest", ""))
    if active not in manifests:
        return ()
    own = mapping(manifests[active])
    found = [Node(manifest=own, depth=0, derived=True, picture=_picture(own), label=active)]
    for node in _below(manifests, active, 1, {active}, derived=True):
        if len(found) == MOST:
            break
        found.append(node)
    return tuple(found)


def _below(manifests: Mapping[str, Any], label: str, depth: int, seen: set[str], *, derived: bool) -> Iterator[Node]:
    above = mapping(manifests[label])
    for ingredient in items(above.get("ingredients")) if depth <= DEEPEST else ():
        below = str(ingredient.get("active_manifest") or "")
        manifest = mapping(manifests.get(below))
        role = str(ingredient.get("relationship", ""))
        whole = derived and (role == "parentOf" or not actions(above))
        yield Node(
            manifest=manifest,
            depth=depth,
            derived=whole,
            relationship=role,
            title=str(ingredient.get("title", "")),
            picture=_picture(ingredient) or _picture(manifest),
            label=below if manifest else "",
        )
        if manifest and below not in seen:
            seen.add(below)
            yield from _below(manifests, below, depth + 1, seen, derived=whole)


def _picture(holder: Mapping[str, Any]) -> str:
    return str(mapping(holder.get("thumbnail")).get("identifier") or "")
