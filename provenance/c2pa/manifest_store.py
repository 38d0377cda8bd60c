"""The ingredient graph of a manifest store: pure functions over the library's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_NODES = 1000  # manifests that are visited in one store, which may be untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestNode:
    """A manifest in the graph. `derived` is true while the file is made from it as a whole, not only with a part.

    `relationship` (parentOf, componentOf, inputTo) and `title` are what the manifest above says of it, `label` is its
    manifest's id. `thumbnail_uri` is the address of what the credentials carry of it, where lineage.history looked
    for that.
    """

    manifest: Mapping[str, object]
    depth: int
    derived: bool
    relationship: str = ""
    title: str = ""
    thumbnail_uri: str = ""
    label: str = ""


def walk_manifests(store: Mapping[str, object]) -> Iterator[ManifestNode]:
    """The active manifest, then those of its ingredients, each once, nearest first; at most MAX_NODES."""
    manifests = as_mapping(store.get("manifests"))
    active = str(store.get("active_manifest", ""))
    queue = [(active, 0, True, "", "")]
    visited: set[str] = set()
    while queue and len(visited) < MAX_NODES:
        label, depth, derived, relationship, title = queue.pop(0)
        if label in visited or label not in manifests:
            continue
        visited.add(label)
        manifest = as_mapping(manifests[label])
        yield ManifestNode(
            manifest=manifest, depth=depth, derived=derived, relationship=relationship, title=title, label=label
        )
        for ingredient in mappings_in(manifest.get("ingredients")):
            whole = derived and (ingredient.get("relationship") == "parentOf" or not manifest_actions(manifest))
            below, role = str(ingredient.get("active_manifest", "")), str(ingredient.get("relationship", ""))
            queue.append((below, depth + 1, whole, role, str(ingredient.get("title", ""))))


def manifest_assertions(manifest: Mapping[str, object], label: str) -> list[Mapping[str, object]]:
    """The data of all assertions with this label; instances (`__1`) and versions (`.v2`) count as the same."""
    return [
        as_mapping(assertion.get("data"))
        for assertion in mappings_in(manifest.get("assertions"))
        if base_label(assertion) == label
    ]


def base_label(assertion: Mapping[str, object]) -> str:
    """An assertion's label without instance and version."""
    label = str(assertion.get("label", "")).split("__", 1)[0]
    stem, _, last = label.rpartition(".")
    return stem if stem and last[:1] == "v" and last[1:].isdigit() else label


def manifest_actions(manifest: Mapping[str, object]) -> list[Mapping[str, object]]:
    """All actions of a manifest in order."""
    return [
        action for data in manifest_assertions(manifest, "c2pa.actions") for action in mappings_in(data.get("actions"))
    ]


def failure_codes(store: Mapping[str, object]) -> tuple[str, ...]:
    """Failure codes of the active manifest, each once."""
    results = as_mapping(store.get("validation_results"))
    return _codes(as_mapping(results.get("activeManifest")))


def ingredient_failure_codes(store: Mapping[str, object]) -> tuple[str, ...]:
    """Failure codes of every node below the active one, each once.

    The library's own state ignores most of them: a remix of a tampered parent reads as trusted.
    """
    codes: list[str] = []
    for delta in mappings_in(as_mapping(store.get("validation_results")).get("ingredientDeltas")):
        codes += _codes(as_mapping(delta.get("validationDeltas")))
    for node in walk_manifests(store):
        for ingredient in mappings_in(node.manifest.get("ingredients")):
            results = as_mapping(ingredient.get("validation_results"))
            codes += _codes(as_mapping(results.get("activeManifest")))
            for delta in mappings_in(results.get("ingredientDeltas")):
                codes += _codes(as_mapping(delta.get("validationDeltas")))
            codes += [str(status.get("code", "")) for status in mappings_in(ingredient.get("validation_status"))]
    return tuple(dict.fromkeys(codes))


def has_success_code(store: Mapping[str, object], code: str) -> bool:
    """Whether the active manifest has this success code."""
    active = as_mapping(as_mapping(store.get("validation_results")).get("activeManifest"))
    return any(status.get("code") == code for status in mappings_in(active.get("success")))


def mappings_in(value: object) -> Sequence[Mapping[str, object]]:
    """The mappings of a list; nothing where a stranger's file has something else."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def as_mapping(value: object) -> Mapping[str, object]:
    """The mapping; an empty one where a stranger's file has something else."""
    return value if isinstance(value, Mapping) else {}


def _codes(results: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one.get("code", "")) for one in mappings_in(results.get("failure"))))
