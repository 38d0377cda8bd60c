"""The history of a file as a tree: what it was made from, and what that was made from. Pure, over the library's JSON.

Other than manifests.walk it keeps the order of a tree (each branch to its end before the next), and it also knows what
came without any credentials, which is most of what people lay into a video.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provenance.c2pa.manifest_store import ManifestNode, as_mapping, manifest_actions, mappings_in

MAX_TREE_NODES = 50  # manifests of one file that are described; an untrusted file may have any number
MAX_TREE_DEPTH = 12  # steps back from the active manifest


def flatten_ingredient_tree(store: Mapping[str, object]) -> tuple[ManifestNode, ...]:
    """The file itself, then each ingredient followed by its own, at most MAX_TREE_NODES and MAX_TREE_DEPTH steps back.

    The node of what came without credentials has an empty manifest. What is used twice is shown twice, and its own
    history once.
    """
    manifests = as_mapping(store.get("manifests"))
    active = str(store.get("active_manifest", ""))
    if active not in manifests:
        return ()
    own = as_mapping(manifests[active])
    nodes = [ManifestNode(manifest=own, depth=0, derived=True, thumbnail_uri=_thumbnail_uri(own), label=active)]
    for node in _descendants(manifests, active, 1, {active}, derived=True):
        if len(nodes) == MAX_TREE_NODES:
            break
        nodes.append(node)
    return tuple(nodes)


def _descendants(
    manifests: Mapping[str, object], label: str, depth: int, seen: set[str], *, derived: bool
) -> Iterator[ManifestNode]:
    above = as_mapping(manifests[label])
    for ingredient in mappings_in(above.get("ingredients")) if depth <= MAX_TREE_DEPTH else ():
        below = str(ingredient.get("active_manifest") or "")
        manifest = as_mapping(manifests.get(below))
        role = str(ingredient.get("relationship", ""))
        whole = derived and (role == "parentOf" or not manifest_actions(above))
        yield ManifestNode(
            manifest=manifest,
            depth=depth,
            derived=whole,
            relationship=role,
            title=str(ingredient.get("title", "")),
            thumbnail_uri=_thumbnail_uri(ingredient) or _thumbnail_uri(manifest),
            label=below if manifest else "",
        )
        if manifest and below not in seen:
            seen.add(below)
            yield from _descendants(manifests, below, depth + 1, seen, derived=whole)


def _thumbnail_uri(holder: Mapping[str, object]) -> str:
    return str(as_mapping(holder.get("thumbnail")).get("identifier") or "")
