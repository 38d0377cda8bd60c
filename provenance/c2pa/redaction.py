"""Personal data in an engine's credentials, and how it is redacted. Pure.

A published file says no prompt and no name. Ours says none anyway; the credentials that an engine's file came with are
kept as a parent, and what they say of people is redacted: C2PA 2.2, 6.8, which leaves the gap to be seen, and
the engine's signature over the rest valid. The manifest that takes the parent in redacts it. (By the specification a
later update manifest could too; with c2pa-python 0.38.1 the words stay in the file then, and it reads as invalid.)

Only of what an engine delivered: the credits of a creator whose work was taken in are theirs, and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from provenance.c2pa.manifest_store import as_mapping, base_label, mappings_in, walk_manifests

REDACTION_REASON = "c2pa.PII.present"
_LABELS = ("stds.schema-org.creativework", "cawg.identity")
_PERSON_KEYS = frozenset(
    {"author", "creator", "artist", "byline", "user", "username", "userid", "fullname", "email", "phone"}
    | {"account", "accountname", "accountid"}
)
_PROMPT_KEY = re.compile(r".*prompt(s|text)?")
_UNREDACTABLE = ("c2pa.actions", "c2pa.hash", "c2pa.ingredient", "c2pa.soft-binding")
_DEEPEST = 20  # levels of nested JSON that are searched


def find_personal_data(store: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a manifest store names people or says a prompt: (addresses that can be redacted, those that cannot).

    What was done (actions), hard bindings, ingredients and the watermark's name may not be redacted by anyone.
    """
    addresses = [
        address for node in walk_manifests(store) for address in _personal_addresses(node.label, node.manifest)
    ]
    unredactable = [item for item in addresses if any(f"/c2pa.assertions/{label}" in item for label in _UNREDACTABLE)]
    return tuple(item for item in addresses if item not in unredactable), tuple(unredactable)


def redaction_actions(addresses: tuple[str, ...]) -> list[dict[str, object]]:
    """One action for each address, as C2PA wants a redaction to be told."""
    return [
        {"action": "c2pa.redacted", "reason": REDACTION_REASON, "parameters": {"redacted": address}}
        for address in addresses
    ]


def _personal_addresses(manifest_id: str, manifest: Mapping[str, object]) -> Iterator[str]:
    for assertion in mappings_in(manifest.get("assertions")):
        if base_label(assertion).lower() in _LABELS or _contains_personal_data(assertion.get("data"), 0):
            instance = assertion.get("instance")
            label = f"{assertion.get('label', '')}{f'__{instance}' if instance else ''}"
            yield f"self#jumbf=/c2pa/{manifest_id}/c2pa.assertions/{label}"


def _contains_personal_data(value: object, depth: int) -> bool:
    """Whether a key anywhere in it is one under which people or prompts are named, and has something to say."""
    if depth > _DEEPEST:
        return True  # nobody nests so deep to say nothing
    if isinstance(value, Mapping):
        return any(
            (_is_personal_key(str(key)) and bool(inner)) or _contains_personal_data(inner, depth + 1)
            for key, inner in as_mapping(value).items()
        )
    return isinstance(value, list) and any(_contains_personal_data(inner, depth + 1) for inner in value)


def _is_personal_key(key: str) -> bool:
    plain = re.sub(r"[_\s-]", "", re.split(r"[.:/]", key)[-1]).lower()
    return plain in _PERSON_KEYS or _PROMPT_KEY.fullmatch(plain) is not None
