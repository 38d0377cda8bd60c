"""What a manifest store says of watermarks, labels, receipts of consent, and of what was placed where. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from media.labels.label_terms import MAX_LABEL_LENGTH
from provenance.c2pa.actions_assertion import LABEL_PARAMETER
from provenance.c2pa.manifest_definition import CONSENT_ASSERTION
from provenance.c2pa.manifest_store import (
    ManifestNode,
    as_mapping,
    manifest_actions,
    manifest_assertions,
    mappings_in,
    walk_manifests,
)
from provenance.declared_marks.known_algorithms import marks_named_in

_MAX_CLAIMS = 32  # of each kind in one store, which may be untrusted
_MAX_TITLE = 80
_MAX_SPOKEN = 500  # letters of each description, agent or parameter that are looked through
_DIGEST_LENGTH = 64
_WATERMARK_ACTIONS = ("c2pa.watermarked", "c2pa.watermarked.bound", "c2pa.watermarked.unbound")
_SPOKEN_FIELDS = ("description", "softwareAgent", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkClaim:
    """A watermark that a manifest's words name, `depth` steps back. `vendor` is empty where only “a watermark” is."""

    name: str
    vendor: str
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSpan:
    """Seconds of the file into which, says its manifest, something was placed; `end` is infinite where it says none."""

    start: float
    end: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLabel:
    """A label that people see, as the file's own manifest says it was drawn: what it says, where, and for how long.

    `place` is as in VisibleLabel; `seconds` are from the start, None where it is there throughout.
    """

    text: str
    place: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestClaims:
    """All of it. `consents` are SHA-256 digests of receipts, of the file's own manifest and of its ingredients'."""

    watermarks: tuple[WatermarkClaim, ...] = ()
    placed: tuple[PlacedSpan, ...] = ()
    consents: tuple[str, ...] = ()
    labels: tuple[DrawnLabel, ...] = ()


NO_CLAIMS = ManifestClaims()


def manifest_claims(store: Mapping[str, object]) -> ManifestClaims:
    """What the store says; nothing of what it does not say in the places that the standard has for it."""
    nodes = list(walk_manifests(store))
    watermarks = dict.fromkeys(claim for node in nodes for claim in _watermarks(node))
    consents = dict.fromkeys(digest for node in nodes for digest in _consents(node))
    return ManifestClaims(
        watermarks=tuple(watermarks)[:_MAX_CLAIMS],
        placed=tuple(_placed(nodes[0]))[:_MAX_CLAIMS] if nodes else (),
        consents=tuple(consents)[:_MAX_CLAIMS],
        labels=tuple(_drawn_labels(nodes[0]))[:_MAX_CLAIMS] if nodes else (),
    )


def _watermarks(node: ManifestNode) -> Iterator[WatermarkClaim]:
    bound = bool(manifest_assertions(node.manifest, "c2pa.soft-binding"))
    for action in manifest_actions(node.manifest):
        named = [*marks_named_in(_words(action))]
        yield from (WatermarkClaim(name=name, vendor=vendor, depth=node.depth) for name, vendor in named)
        if action.get("action") in _WATERMARK_ACTIONS and not named and not bound:
            yield WatermarkClaim(name="", vendor="", depth=node.depth)


def _words(action: Mapping[str, object]) -> str:
    """All that an action says in words: its description, its agent's name, its parameters' plain values."""
    spoken = [action.get(field) for field in _SPOKEN_FIELDS]
    spoken += [as_mapping(action.get("softwareAgent")).get("name")]
    spoken += list(as_mapping(action.get("parameters")).values())
    return " ".join(text[:_MAX_SPOKEN] for text in spoken if isinstance(text, str))


def _placed(node: ManifestNode) -> Iterator[PlacedSpan]:
    """Regions of time in `changes` of actions that place something (C2PA 2.2, regions of interest)."""
    titles = {
        str(one.get("label", "")): str(one.get("title", "")) for one in mappings_in(node.manifest.get("ingredients"))
    }
    for action in manifest_actions(node.manifest):
        if action.get("action") not in ("c2pa.placed", "c2pa.opened"):
            continue
        title = _ingredient_title(action, titles)
        for change in mappings_in(action.get("changes")):
            for region in mappings_in(change.get("region")):
                start, end = _seconds(as_mapping(region.get("time")))
                if region.get("type") == "temporal" and start < end:
                    yield PlacedSpan(start=start, end=end, title=title)


def _drawn_labels(node: ManifestNode) -> Iterator[DrawnLabel]:
    for action in manifest_actions(node.manifest):
        told = as_mapping(as_mapping(action.get("parameters")).get(LABEL_PARAMETER))
        text, seconds = str(told.get("text", ""))[:MAX_LABEL_LENGTH], told.get("seconds")
        if action.get("action") == "c2pa.addedText" and text.strip():
            lasts = float(seconds) if isinstance(seconds, int | float) and math.isfinite(seconds) else None
            yield DrawnLabel(text=text, place=str(told.get("place", ""))[:_MAX_TITLE], seconds=lasts)


def _ingredient_title(action: Mapping[str, object], titles: Mapping[str, str]) -> str:
    """The title of the ingredient that an action is about, as far as it can be told; nothing where it cannot."""
    parameters = as_mapping(action.get("parameters"))
    for named in mappings_in(parameters.get("ingredients")):
        label = str(named.get("url", "")).rpartition("/")[2]
        if titles.get(label):
            return titles[label][:_MAX_TITLE]
    only = [title for title in titles.values() if title]
    return only[0][:_MAX_TITLE] if len(only) == 1 else str(action.get("description", ""))[:_MAX_TITLE]


def _seconds(time: Mapping[str, object]) -> tuple[float, float]:
    """Of a range in normal play time; nothing sensible makes an empty range."""
    if not time or time.get("type", "npt") != "npt":
        return 0.0, 0.0
    start, end = _npt(time.get("start"), 0.0), _npt(time.get("end"), math.inf)
    return (start, end) if start is not None and end is not None else (0.0, 0.0)


def _npt(value: object, missing: float) -> float | None:
    """`12.5`, `1:02.5` or `0:01:02.5` in seconds; None for what is none."""
    if value is None:
        return missing
    try:
        parts = [float(part) for part in str(value).removesuffix("s").split(":")]
    except ValueError:
        return None
    if not 1 <= len(parts) <= 3 or any(not math.isfinite(part) or part < 0 for part in parts):
        return None
    return sum(part * 60.0**power for power, part in enumerate(reversed(parts)))


def _consents(node: ManifestNode) -> Iterator[str]:
    for data in manifest_assertions(node.manifest, CONSENT_ASSERTION):
        for receipt in mappings_in(data.get("receipts")):
            digest = str(receipt.get("sha256", "")).lower()
            if len(digest) == _DIGEST_LENGTH and all(letter in "0123456789abcdef" for letter in digest):
                yield digest
