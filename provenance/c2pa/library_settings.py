"""Settings for the C2PA library, every one stated: its defaults fetch from the network and skip the asset hash.

The library ignores keys it does not know, so a misspelt one would silently do nothing; here it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provenance.c2pa.trust_store import TrustList, TrustStore

KNOWN_SETTINGS = frozenset(
    {
        "version",
        "trust.trust_config",
        "trust.anchors",
        "verify.remote_manifest_fetch",
        "verify.ocsp_fetch",
        "verify.verify_after_sign",
        "verify.verify_after_sign_hash",
        "core.backing_store_memory_threshold_in_mb",
        "builder.thumbnail.enabled",
        "builder.bmff_hash_exclude_free_and_skip_boxes",
    }
)
_KNOWN_ANCHOR_KEYS = frozenset({"trust_anchors", "trust_kind", "trust_uri"})


def reading_settings(
    signers: Sequence[TrustList], timestamp_authorities: Sequence[TrustList], extended_key_usages: Sequence[str]
) -> dict[str, Any]:
    """Settings with which a file is read: no network, these lists and no other."""
    anchors = [_anchor(trust_list, "manifest") for trust_list in signers] + [
        _anchor(trust_list, "tsa") for trust_list in timestamp_authorities
    ]
    return validated_settings(
        {
            "version": 1,
            "trust": {"trust_config": "\n".join(extended_key_usages), "anchors": anchors},
            "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
            "core": {"backing_store_memory_threshold_in_mb": 16},
        }
    )


def signing_settings(trust: TrustStore) -> dict[str, Any]:
    """Settings with which a file is signed: also checks the asset's hash afterwards, which is off by default."""
    settings = reading_settings(trust.signers, trust.timestamp_authorities, trust.extended_key_usages)
    settings["verify"] |= {"verify_after_sign": True, "verify_after_sign_hash": True}
    settings["builder"] = {
        "thumbnail": {"enabled": False},
        "bmff_hash_exclude_free_and_skip_boxes": False,
    }
    return validated_settings(settings)


def validated_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same settings. Raises ValueError for a key that the pinned library is not known to heed."""
    unknown = sorted(set(_setting_paths(settings)) - KNOWN_SETTINGS)
    anchors = settings.get("trust", {}).get("anchors", [])
    unknown += sorted({key for anchor in anchors for key in anchor} - _KNOWN_ANCHOR_KEYS)
    if unknown:
        raise ValueError(f"the C2PA library does not know the setting {', '.join(unknown)}")
    return dict(settings)


def _setting_paths(tree: Mapping[str, Any], prefix: str = "") -> list[str]:
    paths: list[str] = []
    for key, value in tree.items():
        paths += _setting_paths(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [prefix + key]
    return paths


def _anchor(trust_list: TrustList, kind: str) -> dict[str, str]:
    return {"trust_anchors": trust_list.pem, "trust_kind": kind, "trust_uri": trust_list.name}
