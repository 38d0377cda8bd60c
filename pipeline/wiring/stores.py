"""Where things lie: the database, blobs, what is published, what is remembered of people and works, manifests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from classifiers.image.face_backend import face_backend
from classifiers.models import Models
from core.embedding_spaces import VOICE_SPACE
from core.ports import Ledger
from media.sandbox.limits import MIB
from pipeline.at_rest.key_store import CaseKeys, KeyStore, RememberedCaseKeys
from pipeline.at_rest.private_files import prepare_home
from pipeline.blobstores.encrypted_blob_store import EncryptedBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.blobstores.storage import open_storage
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.ledgers.postgres_review_queue import PostgresReviewQueue
from pipeline.manifest_repository.issued_marks import IssuedMarks
from pipeline.manifest_repository.repository import ManifestRepository
from pipeline.manifest_repository.similar_videos import SimilarVideoSearch
from pipeline.moderation.postgres_bulk_reviews import PostgresBulkReviews, PostgresSavedSearches
from pipeline.moderation.review_stores import ReviewStores
from pipeline.request_fields.reference_sources import ReferenceSources
from pipeline.safe_fetch import SafeFetcher
from pipeline.settings import Settings
from registry.banks.hash_bank import PostgresHashBank
from registry.banks.protected_gallery import PostgresGallery
from registry.banks.sealed_payloads import SealedPayloads
from registry.consent.leases import PostgresLeases
from registry.manifests.manifest_index import PostgresManifestIndex
from registry.near_duplicates import open_near_duplicate_search
from registry.rights.registered_works import PostgresWorks
from registry.rights.work_images import PostgresWorkImages
from registry.rights.work_sounds import PostgresWorkSounds


def open_installation_database(settings: Settings) -> Database:
    """The database of these settings, its tables up to date; whoever opens it closes it. Raises Unavailable."""
    prepare_home(settings.root)
    url, owner, size = settings.database_url, settings.database_owner_url, settings.database_connections
    if url is None:
        return open_database(settings.root, size=size)
    return open_database(url.get_secret_value(), owner_url=owner.get_secret_value() if owner else "", size=size)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryStores:
    """What is remembered of people and works."""

    gallery: PostgresGallery
    voices: PostgresGallery
    bank: PostgresHashBank
    leases: PostgresLeases
    works: PostgresWorks
    work_images: PostgresWorkImages
    work_sounds: PostgresWorkSounds


def open_registry_stores(database: Database, models: Models, settings: Settings) -> RegistryStores:
    """The stores of protected people, known pictures, leases and works."""
    url, options = blob_store_location(settings)
    works, faces = PostgresWorks(database, settings.unstated_terms), face_backend(models.options)
    keys = KeyStore(url, settings.keys_folder, **options)
    return RegistryStores(
        gallery=PostgresGallery(database, faces.space, faces.comparable),
        voices=PostgresGallery(database, VOICE_SPACE),
        bank=PostgresHashBank(database),
        leases=PostgresLeases(database),
        works=works,
        work_images=PostgresWorkImages(database, keys, works.all),
        work_sounds=PostgresWorkSounds(database, keys, works.all),
    )


def open_manifest_repository(
    settings: Settings, database: Database, ledger: Ledger, blob_store: EncryptedBlobStore
) -> ManifestRepository:
    """What leads from a mark or a fingerprint in a file to the manifest that was sealed with it."""
    from provenance.c2pa.manifest_definition import SOFT_BINDING_ALGORITHM

    similar = SimilarVideoSearch(near_duplicates=open_near_duplicate_search(database, settings.root / "fingerprints"))
    issued = SealedPayloads(database, most=settings.mark_candidates)
    return ManifestRepository(
        ledger=ledger,
        blob_store=blob_store,
        manifests=PostgresManifestIndex(database, ours=[SOFT_BINDING_ALGORITHM]),
        similar_videos=similar,
        marks=IssuedMarks(keys_folder=settings.keys_folder, payloads=issued, similar_videos=similar),
        algorithms=(SOFT_BINDING_ALGORITHM,),
        workdir=settings.root / "work",
    )


def open_case_keys(settings: Settings) -> CaseKeys:
    """The key of each case, beside its bytes."""
    url, options = blob_store_location(settings)
    return CaseKeys(url, settings.keys_folder, **options)


def open_text_keys(settings: Settings) -> RememberedCaseKeys:
    """The same keys, for texts: remembered for a while."""
    url, options = blob_store_location(settings)
    return RememberedCaseKeys(url, settings.keys_folder, **options)


def open_review_stores(settings: Settings, database: Database) -> ReviewStores:
    """The moderators' queue, what they do to many cases at once, their searches, and their accounts."""
    url, options = blob_store_location(settings)
    return ReviewStores(
        queue=PostgresReviewQueue(database),
        bulk=PostgresBulkReviews(database),
        searches=PostgresSavedSearches(database),
        accounts=PostgresAccounts(database),
        word_secret=cache(lambda: KeyStore(url, settings.keys_folder, **options).make("review-words")),
    )


def open_blob_store(settings: Settings, keys: CaseKeys) -> EncryptedBlobStore:
    """The bytes of cases, by digest, encrypted under these keys: a folder, or S3."""
    url, options = blob_store_location(settings)
    return EncryptedBlobStore(url, keys, **options)


def open_public_store(settings: Settings) -> FsspecPublicStore:
    """What the public can have: a folder, or S3."""
    url = settings.public_store_url or (settings.root / "published").as_uri()
    options = _options_for(url, _s3_options(settings))
    if settings.public_store_url and url.rpartition("://")[0] in ("", "file"):
        options["public"] = True  # a folder that somebody chose for it is one that a web server reads
    return FsspecPublicStore(url, settings.public_url, **options)


def open_reference_sources(settings: Settings) -> ReferenceSources:
    """Where the references of requests on topics and of batches may come from."""
    max_bytes, url = settings.max_upload_mb * MIB, settings.reference_inbox_url
    return ReferenceSources(
        max_bytes=max_bytes,
        fetcher=SafeFetcher(max_bytes=max_bytes, seconds=30.0, ports=frozenset({443}))
        if settings.reference_urls
        else None,
        inbox=open_storage(url, **_options_for(url, _s3_options(settings))) if url else None,
    )


def blob_store_location(settings: Settings) -> tuple[str, dict[str, object]]:
    """The URL of the blob store, and the options that fsspec needs for it."""
    url = settings.blob_store_url or (settings.root / "vault").as_uri()
    return url, _options_for(url, _s3_options(settings))


def _s3_options(settings: Settings) -> dict[str, object]:
    return {"endpoint_url": settings.s3_endpoint} if settings.s3_endpoint else {}


def _options_for(url: str, options: dict[str, object]) -> dict[str, object]:
    return dict(options) if url.startswith("s3:") else {}
