"""Keeping the banks, for operators: adding, importing, exporting, removing. Each change has its maker and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.models import Models
from core.errors import BadInput, NotFound
from core.roles import Principal, Role, require_role
from media.lookup.bank_file import BankedFile, read_bank_file
from media.lookup.sound_hashes import MIN_SOUND_QUALITY, hashed_seconds
from registry.banks.bank_entries import CLAIMED_KIND, Bank, BankEntry, EntryChange, EntryState, Provenance, StoredEntry
from registry.banks.exchange_formats import read_hash_list, write_hash_list
from registry.banks.postgres_banks import PostgresBanks

_MAX_LIST_BYTES = 2 << 30
_LEFT = (EntryState.ACTIVE, EntryState.QUARANTINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedList:
    """What became of a list: how many entries were new, known, removed before; what was left out, by reason."""

    bank: str
    kind: str
    added: int
    known: int
    removed_before: int
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecord:
    """An entry of a bank without its hashes, and everything that was done to it."""

    key: int
    bank: str
    kind: str
    id: str
    algorithm: str
    hashes: int
    seconds: float
    state: str
    tags: tuple[str, ...]
    history: tuple[EntryChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankService:
    """The banks of an installation."""

    banks: PostgresBanks
    models: Models

    def resolve(self, name: str, kind: str) -> Bank:
        """The bank of this name; where there is none yet, a new one of this kind. Without a name, the kind's own.

        Raises BadInput where both are given and do not fit, or neither is.
        """
        if not name and not kind:
            raise BadInput("which bank? give its name, or a kind")
        try:
            there = self.banks.bank(name or kind)
        except NotFound:
            if not kind:
                raise BadInput(f"there is no bank {name!r} yet: give its kind to make it") from None
            return Bank(name=name or kind, kind=kind)
        if kind and kind != there.kind:
            raise BadInput(f"the bank {there.name} is of the kind {there.kind}, not {kind}")
        return there

    def list_banks(self, who: Principal) -> Sequence[Bank]:
        """Every bank, with how many entries it has in each state."""
        require_role(who, Role.OPERATOR)
        return self.banks.banks()

    def add_file(
        self, who: Principal, known_id: str, file: Path, bank: Bank, *, source: str = "", reason: str = ""
    ) -> int:
        """Bank the hashes of a picture or a video under an opaque id; how many hashes that are. The file is not kept.

        What was removed before is banked again. Raises BadInput, BadMedia.
        """
        require_role(who, Role.OPERATOR)
        _require_kept_by_operators(bank)
        entries = entries_of_file(known_id, read_bank_file(file), self.models)
        if not entries:
            raise BadInput("there is too little detail in it to be recognised again")
        self.banks.add(bank, entries, Provenance(by=who.id, source=source, reason=reason), restore=True)
        return sum(len(one.times) for one in entries)

    def add_list(
        self,
        who: Principal,
        file: Path,
        bank: Bank,
        *,
        format_name: str = "",
        source: str = "",
        reason: str = "",
        restore: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> ImportedList:
        """Bank a list of hashes, all or none; again it changes nothing. `progress` hears how many entries are in.

        What was removed before stays removed unless `restore`. Raises BadInput with the lines that cannot be read.
        """
        require_role(who, Role.OPERATOR)
        _require_kept_by_operators(bank)
        if file.stat().st_size > _MAX_LIST_BYTES:
            raise BadInput(f"{file.name} has more than 2 GiB: cut it up")
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise BadInput(f"{file.name} is no text (UTF-8)") from None
        read = read_hash_list(text, name=file.stem, kind=bank.kind, named_format=format_name)
        made = Provenance(by=who.id, source=source or file.name, reason=reason)
        done = self.banks.add(bank, read.entries, made, restore=restore, progress=progress)
        return ImportedList(
            bank=bank.name,
            kind=bank.kind,
            added=done.added,
            known=done.known,
            removed_before=done.removed_before,
            left_out=dict(read.left_out),
        )

    def export(self, who: Principal, name: str, format_name: str) -> tuple[str, int, int]:
        """A bank as a list: the text, how many entries it holds, and how many the format cannot say.

        What was removed or is quarantined is not in it.
        """
        require_role(who, Role.OPERATOR)
        _require_kept_by_operators(self.banks.bank(name))
        entries = self.banks.entries(bank=name, states=(EntryState.ACTIVE,))
        text, unsaid = write_hash_list(entries, format_name)
        return text, len(entries) - unsaid, unsaid

    def entries(
        self, who: Principal, *, bank: str = "", state: str = "", known_id: str = "", limit: int | None = None
    ) -> Sequence[EntryRecord]:
        """Entries with their records, in the order in which they came. Raises NotFound for a bank that is not there."""
        require_role(who, Role.OPERATOR)
        if bank:
            self.banks.bank(bank)
        states = (EntryState(state),) if state else tuple(EntryState)
        found = self.banks.entries(bank=bank, known_id=known_id, states=states, limit=limit)
        return [entry_record(one, self.banks.history(one.key)) for one in found]

    def remove(self, who: Principal, known_id: str, *, bank: str = "", reason: str = "") -> int:
        """Take everything with this id out of a bank, or of all; how many entries. Their records are kept."""
        require_role(who, Role.OPERATOR)
        left = self.banks.entries(bank=bank, known_id=known_id, states=_LEFT)
        return self.banks.change([one.key for one in left], "removed", Provenance(by=who.id, reason=reason))

    def release(self, who: Principal, known_id: str, *, bank: str = "", reason: str = "") -> int:
        """Let what was quarantined decide again; how many entries."""
        require_role(who, Role.OPERATOR)
        held = self.banks.entries(bank=bank, known_id=known_id, states=(EntryState.QUARANTINED,))
        return self.banks.change([one.key for one in held], "released", Provenance(by=who.id, reason=reason))


def _require_kept_by_operators(bank: Bank) -> None:
    """Raises BadInput for the bank of claims: what is in it is a claim's, comes out with it, and is nobody else's."""
    if bank.kind == CLAIMED_KIND:
        raise BadInput("claims keep this bank: nothing is added to it by hand, and it is not shared")


def entry_record(stored: StoredEntry, history: Sequence[EntryChange]) -> EntryRecord:
    """What is shown of an entry."""
    entry = stored.entry
    return EntryRecord(
        key=stored.key,
        bank=stored.bank,
        kind=stored.kind,
        id=entry.id,
        algorithm=entry.algorithm,
        hashes=len(entry.times),
        seconds=round(max(entry.times), 3),
        state=stored.state.value,
        tags=entry.tags,
        history=tuple(history),
    )


def entries_of_file(known_id: str, file: BankedFile, models: Models) -> list[BankEntry]:
    """What a bank keeps of a file: of a picture its hashes, of a video those of its frames, of sound of its seconds."""
    return [*_frame_entries(known_id, file, models), *_sound_entries(known_id, file)]


def _sound_entries(known_id: str, file: BankedFile) -> Iterator[BankEntry]:
    heard = hashed_seconds(file.audio) if file.audio else ()
    if clear := [(second, bits) for second, bits, quality in heard if quality >= MIN_SOUND_QUALITY]:
        times = tuple(float(second) for second, _ in clear)
        yield BankEntry(id=known_id, algorithm="sound", bits=b"".join(bits for _, bits in clear), times=times)


def _frame_entries(known_id: str, file: BankedFile, models: Models) -> Iterator[BankEntry]:
    from classifiers.image.frame_hashes import bank_hashes
    from classifiers.image.frame_views import banked_hashes

    frames = file.sample.frames if file.sample else ()
    if len(frames) == 1:
        for algorithm, views in bank_hashes(frames[0].rgb, models):
            bits, shares = b"".join(bits for _, bits in views), tuple(view for view, _ in views)
            yield BankEntry(id=known_id, algorithm=algorithm, bits=bits, times=(0.0,) * len(views), views=shares)
        return
    rows = [(round(frame.at, 3), *view) for frame in frames for view in banked_hashes(frame.rgb, models)]
    if rows:
        yield BankEntry(
            id=known_id,
            algorithm="vpdq",
            bits=b"".join(bits for _, _, bits in rows),
            times=tuple(at for at, _, _ in rows),
            views=tuple(view for _, view, _ in rows),
        )
