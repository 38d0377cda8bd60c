"""What an engine wrote about people into its credentials, and how it is taken out again. Pure.

A published file says no prompt and no name. Ours says none anyway; the credentials that an engine's file came with are
taken along as a parent, and what they say of people is redacted: C2PA 2.2, 6.8, which leaves the gap to be seen, and
the engine's signature over the rest valid. The manifest that takes the parent in redacts it. (By the specification a
later update manifest could too; with c2pa-python 0.38.1 the words stay in the file then, and it reads as invalid.)

Only of what an engine delivered: the credits of a creator whose work was taken in are theirs, and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provenance.manifests import base_label, items, mapping, walk

REASON = "c2pa.PII.present"
_LABELS = ("stds.schema-org.creativework", "cawg.identity")
_PERSON = frozenset(
    {"author", "creator", "artist", "byline", "user", "username", "userid", "fullname", "email", "phone"}
    | {"account", "accountname", "accountid"}
)
_PROMPT = re.compile(r".*prompt(s|text)?")
_STAYS = ("c2pa.actions", "c2pa.hash", "c2pa.ingredient", "c2pa.soft-binding")
_DEEPEST = 20


def personal(store: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a manifest store names people or says a prompt: (addresses that can be redacted, those that cannot).

    What was done (actions), hard bindings, ingredients and the watermark's name may not be redacted by anyone.
    """
    found = [address for node in walk(store) for address in _of(node.label, node.manifest)]
    stuck = [one for one in found if any(f"/c2pa.assertions/{label}" in one for label in _STAYS)]
    return tuple(one for one in found if one not in stuck), tuple(stuck)


def actions_for(addresses: tuple[str, ...]) -> list[dict[str, Any]]:
    """One action for each address, as C2PA wants a redaction to be told."""
    return [{"action": "c2pa.redacted", "reason": REASON, "parameters": {"redacted": address}} for address in addresses]


def _of(manifest_id: str, manifest: Mapping[str, Any]) -> Iterator[str]:
    for assertion in items(manifest.get("assertions")):
        if base_label(assertion).lower() in _LABELS or _says(assertion.get("data"), 0):
            instance = assertion.get("instance")
            label = f"{assertion.get('label', '')}{f'__{instance}' if instance else ''}"
            yield f"self#jumbf=/c2pa/{manifest_id}/c2pa.assertions/{label}"


def _says(value: object, depth: int) -> bool:
    """Whether a key anywhere in it is one under which people or prompts are named, and has something to say."""
    if depth > _DEEPEST:
        return True  # nobody nests so deep to say nothing
    if isinstance(value, Mapping):
        return any(
            (_names(str(key)) and bool(inner)) or _says(inner, depth + 1) for key, inner in mapping(value).items()
        )
    return isinstance(value, list) and any(_says(inner, depth + 1) for inner in value)


def _names(key: str) -> bool:
    plain = re.sub(r"[_\s-]", "", re.split(r"[.:/]", key)[-1]).lower()
    return plain in _PERSON or _PROMPT.fullmatch(plain) is not None
