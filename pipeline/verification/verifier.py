"""The verifier as one function, with this installation's keys, trust lists and repository; and over a folder."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.codec import dump
from core.errors import AssayError, BadInput, BadMedia, NotFound
from core.finding import Finding, WatermarkFinding
from pipeline.manifest_repository.repository import ManifestRepository
from pipeline.settings import Settings
from pipeline.verification.likely_marks import RememberedLookup, with_likely_marks
from pipeline.verification.other_installations_table import load_other_installations
from provenance.c2pa.signers.keys_folder import ProvenanceKeys, has_key_files, load_keys
from provenance.c2pa.trust_store import TrustStore
from provenance.watermark_ports import PublicCaseLookup

if TYPE_CHECKING:
    from provenance.declared_marks.consent_of_file import CaseConsents
    from provenance.watermark.key import WatermarkKey

log = logging.getLogger("assay.verify")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableFile:
    """A file of a batch for which there is no finding, and why: the error's name for programs, and one line."""

    file: str
    code: str
    message: str


FolderResult = Finding | UnreadableFile


class Verifier(Protocol):
    """Answers the public's question about a file."""

    def verify(
        self, path: Path, look_up: PublicCaseLookup, *, at: datetime | None = None, quick: bool = False
    ) -> Finding:
        """Was this made by AI, and what is the evidence? `look_up` returns what the public may know of a case.

        `at` is another validation time; `quick` looks for no watermark where trusted credentials are whole. Raises
        BadMedia; Unavailable where another time was asked for and there is no libfaketime.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationVerifier:
    """The Verifier of this installation, believing its own lists and those that settings.trust names.

    With a `repository` manifests are recovered by their mark, near duplicates looked up and issued payloads compared;
    `consents` says whether those whom a video shows still agree.
    """

    settings: Settings
    repository: ManifestRepository | None = None
    consents: CaseConsents | None = None

    def verify(
        self, path: Path, look_up: PublicCaseLookup, *, at: datetime | None = None, quick: bool = False
    ) -> Finding:
        """As Verifier.verify."""
        from provenance.verification.verify import verify
        from provenance.watermark_detection import detect_watermarks

        own, repository = load_keys(self.settings.keys_folder), self.repository
        remembered = None if repository is None else RememberedLookup(repository=repository)

        def detect(path: Path, *, keys: Sequence[WatermarkKey]) -> WatermarkFinding:
            if repository is None or remembered is None:
                return detect_watermarks(path, keys=keys)
            found = repository.marks.detect_with(path, keys)
            return with_likely_marks(found, path, keys=keys, lookup=remembered, issuer=own.issuer)

        return verify(
            path,
            trust=_trust(self.settings, own),
            keys=[own.watermark_key],
            detect=detect,
            look_up=look_up,
            repository=remembered,
            others=load_other_installations(self.settings),
            consents=self.consents,
            issuer=own.issuer,
            at=at,
            quick=quick,
        )


def has_keys(settings: Settings) -> bool:
    """Whether there are keys here, or should be: what the setting `keys` names is not taken for a fresh machine."""
    return settings.keys is not None or has_key_files(settings.keys_folder)


def find_keys(settings: Settings) -> ProvenanceKeys | None:
    """The keys here, None where none were ever made. Raises Unavailable where some are missing, BadInput if damaged."""
    return load_keys(settings.keys_folder) if has_keys(settings) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandaloneVerifier:
    """Verifies without a database: no record is asked for, no manifest is recovered.

    Without keys too: then it reads credentials, believing the lists that settings.trust names and no others, looks for
    no watermark, and the finding says so.
    """

    settings: Settings

    def verify(self, path: Path, *, at: datetime | None = None, quick: bool = False) -> Finding:
        """As Verifier.verify, with nothing to look up."""
        from provenance.verification.verify import verify
        from provenance.watermark_detection import check_media_without_key, detect_watermarks

        keys = find_keys(self.settings)
        return verify(
            path,
            trust=_trust(self.settings, keys),
            keys=[keys.watermark_key] if keys else [],
            detect=detect_watermarks if keys else check_media_without_key,
            look_up=None,
            others=load_other_installations(self.settings),
            issuer=keys.issuer if keys else None,
            at=at,
            quick=quick,
        )


def _trust(settings: Settings, keys: ProvenanceKeys | None) -> TrustStore:
    from provenance.c2pa.trust_list_files import with_trust_lists

    return with_trust_lists(keys.trust if keys else TrustStore(), settings.trust)


def browser_reading_settings(settings: Settings) -> Mapping[str, object]:
    """What C2PA's reader is told in a browser: the lists believed here, and no network. Certificates only, no key."""
    from provenance.c2pa.library_settings import reading_settings

    trust = _trust(settings, find_keys(settings))
    return reading_settings(trust.signers, trust.timestamp_authorities, trust.extended_key_usages)


def crjson_of_file(settings: Settings, path: Path, *, at: datetime | None = None) -> Mapping[str, object]:
    """The credentials of a file in the C2PA's crJSON, for conformance tests. Raises BadMedia where there are none."""
    from provenance.c2pa.reader import export_crjson

    if not path.is_file():
        raise NotFound(f"{path} is not a file")
    return export_crjson(path, _trust(settings, find_keys(settings)), at=at)


def verify_folder(
    verify: Callable[[Path], Finding], folder: Path, *, jobs: int = 0
) -> Iterator[tuple[int, int, FolderResult]]:
    """(number, of how many, answer) for every file below a folder, in the order of their names.

    `file` of an answer is the path relative to the folder. A file that cannot be read, or whose reading breaks, is an
    Unread and stops nothing. Hidden files and links are left out. `jobs` files are looked at at a time, 0 being one a
    processor. Raises NotFound where there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"{folder} is not a folder")
    files = _files(folder)
    with ThreadPoolExecutor(max_workers=jobs or min(os.cpu_count() or 1, 8)) as pool:
        try:
            for number, line in enumerate(pool.map(lambda file: _verify_one(verify, folder, file), files), 1):
                yield number, len(files), line
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def folder_result_as_json(line: FolderResult) -> Mapping[str, object]:
    """The finding as everywhere else; of an Unread {"file", "error": {"code", "message"}}."""
    if isinstance(line, UnreadableFile):
        return {"file": line.file, "error": {"code": line.code, "message": line.message}}
    found: dict[str, object] = dump(line)
    return found


def parse_validation_time(text: str) -> datetime:
    """A validation time. Raises BadInput for what is no time with its zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no time: write it as 2028-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        raise BadInput(f"{text!r} has no time zone: write it as 2028-01-31T12:00:00Z")
    return moment


def _verify_one(verify: Callable[[Path], Finding], folder: Path, file: Path) -> FolderResult:
    name = os.fsencode(file.relative_to(folder)).decode("utf-8", "replace")
    try:
        return replace(verify(file), file=name)
    except AssayError as error:
        return UnreadableFile(file=name, code=_code(error), message=(str(error).splitlines() or [""])[0])
    except Exception as error:
        log.warning("a file broke the verifier: %s", type(error).__name__, exc_info=error)
        return UnreadableFile(
            file=name, code="internal", message=f"this file broke the verifier ({type(error).__name__})"
        )


def _code(error: AssayError) -> str:
    named = BadMedia if isinstance(error, BadMedia) else type(error)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", named.__name__).lower()


def _files(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts))
