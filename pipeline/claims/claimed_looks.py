"""The looks of what a claim keeps down, in a bank of their own: by them copies are found, whoever brings one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from classifiers.models import Models
from core.case import Case
from core.errors import BadMedia, NotFound
from core.ports import BlobStore
from media.lookup.bank_file import BankedFile, sample_banked_frames
from pipeline.known_footage.bank_service import entries_of_file
from pipeline.tempdirs import temp_folder
from registry.banks.bank_entries import CLAIMED_KIND, BankEntry, EntryState, Provenance
from registry.banks.postgres_banks import PostgresBanks, default_bank

log = logging.getLogger("assay.claims")

CLAIM_SOURCE = "claim"
"""What entries have as their source, before the claim's tracking number."""

_MIN_QUALITY = 50  # of a seal's own hash: below it the picture is too plain to be recognised by


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedLooks:
    """Banks the frames of cases, and takes them out again. Entries have the id of their case."""

    banks: PostgresBanks
    blob_store: BlobStore
    models: Models
    workdir: Path

    def bank(self, case: Case, made: Provenance) -> int:
        """Bank what its video looks like; how many entries that are. Doing it again changes nothing.

        Two frames a second with their inner parts where the video can be had; else what its seal kept of it.
        """
        entries = self._of_file(case) or _of_seal(case)
        if entries:
            self.banks.add(default_bank(CLAIMED_KIND), entries, made, restore=True)
        return len(entries)

    def release(self, case_id: str, made: Provenance) -> None:
        """Take a case's looks out of the bank. The record of them stays."""
        self._change(case_id, (EntryState.ACTIVE, EntryState.QUARANTINED), "removed", made)

    def put_back(self, case_id: str, made: Provenance) -> None:
        """Undo `release`."""
        self._change(case_id, (EntryState.REMOVED,), "restored", made)

    def _change(self, case_id: str, states: tuple[EntryState, ...], change: str, made: Provenance) -> None:
        found = self.banks.entries(bank=CLAIMED_KIND, known_id=case_id, states=states)
        if found:
            self.banks.change([one.key for one in found], change, made)

    def _of_file(self, case: Case) -> list[BankEntry]:
        asset = case.sealed.asset if case.sealed else case.rendered.asset if case.rendered else None
        if asset is None:
            return []
        try:
            with temp_folder(self.workdir) as folder:
                sample = sample_banked_frames(self.blob_store.fetch(asset, folder / "video.bin"))
        except (NotFound, BadMedia) as error:  # erased, or not readable here
            log.warning("the looks of a claimed video are those of its seal: %s", error, extra={"case": case.id})
            return []
        return entries_of_file(case.id, BankedFile(sample=sample), self.models)


def _of_seal(case: Case) -> list[BankEntry]:
    written = [entry.split(":") for entry in case.sealed.fingerprint] if case.sealed else []
    clear = [(int(second), bytes.fromhex(bits)) for second, bits, quality in written if int(quality) >= _MIN_QUALITY]
    if not clear:
        return []
    times = tuple(float(second) for second, _ in clear)
    return [BankEntry(id=case.id, algorithm="vpdq", bits=b"".join(bits for _, bits in clear), times=times)]
