"""Videos that claims are made against, over the embedded Postgres: each with a file, and with looks of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from classifiers.models import PACKAGED_MODELS
from core.case import Case, Phase
from core.errors import NotFound
from core.events import Published, Rendered, Sealed
from pipeline.claims.claimed_looks import ClaimedLooks
from pipeline.claims.stay_down import StayDown
from pipeline.ledgers.bulk_append import PostgresBulkAppend
from pipeline.runners.local_bus import LocalBus
from registry.banks.hash_bank import PostgresHashBank
from registry.consent.likeness_uses import PostgresLikenessUses
from registry.stay_downs.stay_down_store import PostgresStayDowns
from tests.contract.cameo_installation import ANA, CameoInstallation, asset
from tests.lawful import carry


class NoFiles:
    """Looks are those that seals keep: nothing is decoded."""

    def fetch(self, _asset, _to):
        raise NotFound("not here")


@dataclass(frozen=True)
class ClaimedVideos:
    """A house, what keeps videos down in it, and its banks."""

    house: CameoInstallation
    stay_down: StayDown
    bank: PostgresHashBank

    def video(self, author=ANA, parent: Case | None = None, public: bool = True, **asked) -> Case:
        """A case whose file can be had again: published, or a draft that was inspected."""
        case = self.house.case(author, parent=parent.id if parent else "", **asked)
        file = self.house.home / "original.mp4"
        file.write_bytes(b"video of " + case.id.encode())
        kept = self.house.context.blob_store.put(file, media_type="video/mp4", owner=case.id)
        self.house.context.blob_store.confirm(kept.digest)
        made = Rendered(asset=kept, engine="e", engine_version="1")
        case = carry(self.house.ledger, case, Phase.RENDERED if public else Phase.INSPECTED, rendered=made)
        if not public:
            return case
        looks = tuple(f"{second}:{row.tobytes().hex()}:100" for second, row in enumerate(looks_of(case.id)))
        sealed = Sealed(
            asset=kept, payload=case.id, manifest_id="m", manifest=asset("m"), soft_binding="b", fingerprint=looks
        )
        url = self.house.context.public_store.publish(case.id, file)
        return carry(self.house.ledger, case, Phase.PUBLISHED, sealed=sealed, published=Published(url=url))

    def phase(self, case: Case) -> str:
        return self.house.phase(case)

    def banked(self) -> set[str]:
        """The cases whose looks decide."""
        return {one.entry.id for one in self.bank.banks.entries(bank="known_claimed") if one.state == "active"}


def looks_of(case_id: str, seconds: int = 4) -> np.ndarray:
    """Hashes that no other video has."""
    seed = int.from_bytes(hashlib.sha256(case_id.encode()).digest()[:8])
    return np.random.default_rng(seed).integers(0, 256, (seconds, 32), dtype=np.uint8)


def claimed_videos_in(house: CameoInstallation) -> ClaimedVideos:
    """Over a house that is empty."""
    bank, tools = PostgresHashBank(house.database), house.context
    stay_down = StayDown(
        store=PostgresStayDowns(house.database),
        looks=ClaimedLooks(banks=bank.banks, blob_store=NoFiles(), models=PACKAGED_MODELS, workdir=tools.workdir),
        uses=PostgresLikenessUses(house.database),
        bulk=PostgresBulkAppend(house.database),
        public_store=tools.public_store,
        blob_store=tools.blob_store,
        texts=tools.texts,
        ledger=house.ledger,
        bus=LocalBus(),
    )
    return ClaimedVideos(replace(house), stay_down, bank)


def empty_claims(house: CameoInstallation) -> None:
    """No claim ever kept anything down."""
    with house.database.owner_connection() as connection:
        connection.execute("TRUNCATE stay_downs, stay_down_cases, bank_entries, bank_progress CASCADE")
