"""A remix of a video whose case was erased takes it from where it is published, and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.assets import Asset
from core.case import Case
from core.errors import NotFound, SealBroken
from core.events import Commissioned, Judged, Measured, Rendered, Sealed, Submitted
from core.verdicts import Decision, Gate, Verdict
from pipeline.at_rest.key_store import CaseKeys
from pipeline.blobstores.encrypted_blob_store import EncryptedBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.sealing import CaseSealer, _fetch_parent
from pipeline.settings import Settings
from pipeline.testing.memory_ledger import MemoryLedger

PARENT = "0123456789abcdef"


@pytest.fixture
def keys(tmp_path: Path) -> CaseKeys:
    return CaseKeys(str(tmp_path / "vault"), tmp_path / "keys")


@pytest.fixture
def sealer(tmp_path: Path, keys: CaseKeys) -> CaseSealer:
    """Where the parent was sealed."""
    ledger, store = MemoryLedger(), EncryptedBlobStore(str(tmp_path / "vault"), keys)
    (tmp_path / "video.mp4").write_bytes(b"sealed")
    asset: Asset = store.put(tmp_path / "video.mp4", media_type="video/mp4", owner=PARENT)
    ledger.append(
        Case(id=PARENT),
        [
            Submitted(author="someone", prompt="t1"),
            Measured(signals=()),
            Judged(verdict=Verdict(gate=Gate.PROMPT, decision=Decision.ALLOW, policy="0" * 64)),
            Commissioned(engine="e", engine_version="1", job="j"),
            Rendered(asset=asset, engine="e", engine_version="1"),
            Measured(signals=()),
            Judged(verdict=Verdict(gate=Gate.VIDEO, decision=Decision.ALLOW, policy="0" * 64)),
            Sealed(asset=asset, payload="01" * 12, manifest_id="m", manifest=asset, soft_binding="s"),
        ],
    )
    public_store = FsspecPublicStore(str(tmp_path / "published"))
    return CaseSealer(
        settings=Settings(home=tmp_path), ledger=ledger, blob_store=store, public_store=public_store, rests_on=None
    )


def test_it_comes_from_the_public_store_once_its_key_is_destroyed(
    sealer: CaseSealer, keys: CaseKeys, tmp_path: Path
) -> None:
    sealer.public_store.publish(PARENT, tmp_path / "video.mp4")
    keys.destroy(PARENT)
    assert _fetch_parent(PARENT, sealer, tmp_path / "work").read_bytes() == b"sealed"


def test_where_it_is_not_published_there_is_none(sealer: CaseSealer, keys: CaseKeys, tmp_path: Path) -> None:
    assert _fetch_parent(PARENT, sealer, tmp_path / "work").read_bytes() == b"sealed"
    keys.destroy(PARENT)
    with pytest.raises(NotFound):
        _fetch_parent(PARENT, sealer, tmp_path / "again")


def test_another_file_in_its_place_is_not_named_as_parent(sealer: CaseSealer, keys: CaseKeys, tmp_path: Path) -> None:
    (tmp_path / "other.mp4").write_bytes(b"other")
    sealer.public_store.publish(PARENT, tmp_path / "other.mp4")
    keys.destroy(PARENT)
    with pytest.raises(SealBroken, match="not what was sealed"):
        _fetch_parent(PARENT, sealer, tmp_path / "work")
