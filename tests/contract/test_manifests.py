"""The manifest repository's index and the live fingerprints, over the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import secrets
from dataclasses import replace

import numpy as np
import psycopg
import pytest

from core.assets import Asset
from core.case import Case, Phase
from core.errors import BadInput, NotFound
from core.events import Sealed
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_ledger import PostgresLedger
from registry.banks.sealed_payloads import SealedPayloads
from registry.manifests.manifest_index import PostgresManifestIndex
from registry.manifests.manifest_receipts import all_manifest_receipts, is_manifest_chain_intact
from registry.near_duplicates import LedgerFingerprints
from tests.lawful import carry, sealed_again

pytestmark = pytest.mark.postgres
MARK, OTHER = "com.assay.lattice.1", "com.example.mark.1"


@pytest.fixture
def manifests(database) -> PostgresManifestIndex:
    return PostgresManifestIndex(database, ours=[MARK])


def digest() -> str:
    return secrets.token_hex(32)


def seal_a_case(database: Database, *payloads: str, hashes: np.ndarray | None = None) -> list[Sealed]:
    case = Case(id=secrets.token_hex(8))
    ledger = PostgresLedger(database)
    seals = []
    for payload in payloads:
        lines = [] if hashes is None else [f"{n}:{row.tobytes().hex()}:90" for n, row in enumerate(hashes)]
        sealed = Sealed(
            asset=Asset(digest=digest(), media_type="video/mp4", size=9),
            payload=payload,
            manifest_id=f"urn:c2pa:{secrets.token_hex(8)}",
            manifest=Asset(digest=digest(), media_type="application/c2pa", size=14_000),
            soft_binding=MARK,
            fingerprint=tuple(lines),
        )
        first = case.phase is Phase.NEW
        case = carry(ledger, case, Phase.SEALED, sealed=sealed) if first else ledger.append(case, sealed_again(sealed))
        seals.append(sealed)
    return seals


def test_what_a_case_was_sealed_with_is_there_by_itself(database, manifests):
    payload = secrets.token_hex(12)
    sealed = seal_a_case(database, payload)[0]
    found = manifests.by_binding(MARK, payload)
    assert [(one.id, one.digest, one.size) for one in found] == [(sealed.manifest_id, sealed.manifest.digest, 14_000)]
    assert manifests.by_id(sealed.manifest_id) == found
    assert manifests.by_binding(MARK, payload.upper()) == found
    assert manifests.by_binding(OTHER, payload) == ()


def test_one_mark_leads_to_several_manifests_the_newest_first(database, manifests):
    payload = secrets.token_hex(12)
    first, second = seal_a_case(database, payload, payload)
    assert [one.id for one in manifests.by_binding(MARK, payload)] == [second.manifest_id, first.manifest_id]
    assert len(manifests.by_binding(MARK, payload, most=1)) == 1


def test_what_others_hand_in_is_kept_once_and_found_by_what_is_bound_to_it(manifests):
    name, bits = "urn:c2pa:theirs", digest()
    receipt = manifests.store(name, bits, 5, by="acct_1")
    assert manifests.store(name, bits, 5, by="acct_2") == receipt
    assert manifests.bind(OTHER, "ABCD", name, by="acct_1")
    assert not manifests.bind(OTHER, "abcd", name, by="acct_1")
    assert [one.digest for one in manifests.by_binding(OTHER, "abcd")] == [bits]
    assert manifests.is_handed_in_by(name, "acct_1") and not manifests.is_handed_in_by(name, "acct_2")
    with pytest.raises(NotFound):
        manifests.is_handed_in_by("urn:c2pa:nobody", "acct_1")


def test_what_is_unbound_is_not_found_and_may_be_bound_again(manifests):
    name, bits = f"urn:c2pa:{secrets.token_hex(4)}", digest()
    manifests.store(name, bits, 5, by="acct_1")
    assert not manifests.bind(OTHER, "0a", name, by="acct_1", bound=False)
    for again in range(2):
        assert manifests.bind(OTHER, "0a", name, by="acct_1"), again
        assert [one.id for one in manifests.by_binding(OTHER, "0a")] == [name]
        assert manifests.bind(OTHER, "0A", name, by="acct_1", bound=False)
        assert manifests.by_binding(OTHER, "0a") == ()


def test_an_id_that_other_bytes_have_is_not_given_again(database, manifests):
    sealed = seal_a_case(database, secrets.token_hex(12))[0]
    with pytest.raises(BadInput, match="never given twice"):
        manifests.store(sealed.manifest_id, digest(), 5, by="thief")
    assert manifests.by_id(sealed.manifest_id)[0].digest == sealed.manifest.digest


def test_a_deletion_leaves_a_receipt_and_is_final(database, manifests):
    payload = secrets.token_hex(12)
    sealed = seal_a_case(database, payload)[0]
    (receipt,) = manifests.delete(sealed.manifest_id, by="acct_1", reason="court order")
    assert (receipt.kind, receipt.digest, receipt.reason) == ("deleted", sealed.manifest.digest, "court order")
    assert manifests.by_id(sealed.manifest_id) == manifests.by_binding(MARK, payload) == ()
    assert manifests.receipts(sealed.manifest_id) == (receipt,)
    with pytest.raises(NotFound):
        manifests.delete(sealed.manifest_id, by="acct_1", reason="again")
    with pytest.raises(BadInput, match="deleted"):
        manifests.store(sealed.manifest_id, sealed.manifest.digest, 14_000, by="acct_1")


def test_the_receipts_are_a_chain_in_which_nothing_can_be_changed(database, manifests):
    for number in range(3):
        manifests.store(f"urn:c2pa:chain-{number}", digest(), 5, by="acct_1")
    with database.connection() as connection:
        chain = list(all_manifest_receipts(connection))
    assert is_manifest_chain_intact(chain) and len(chain) >= 3
    assert not is_manifest_chain_intact(chain[1:])
    assert not is_manifest_chain_intact([*chain[:-1], replace(chain[-1], reason="something else")])
    assert "acct_1" not in str(chain[-1].public())


@pytest.mark.parametrize("table", ["manifests", "manifest_bindings", "manifest_receipts"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET manifest_id = 'x'", "TRUNCATE {}"])
def test_nothing_is_ever_changed_or_removed(database, manifests, table, change):
    manifests.store(f"urn:c2pa:{secrets.token_hex(4)}", digest(), 5, by="acct_1")
    sql = change.format(table).replace("manifest_id", "id" if table == "manifests" else "manifest_id")
    with pytest.raises(psycopg.errors.RestrictViolation), database.owner_connection() as connection:
        connection.execute(sql)


@pytest.mark.parametrize("odd", ["", "x" * 2000, "a\x00b", "line\nline"])
def test_odd_names_find_nothing_and_break_nothing(manifests, odd):
    assert manifests.by_id(odd) == manifests.by_binding(odd, "ab") == manifests.by_binding(MARK, odd) == ()
    assert manifests.receipts(odd) == ()
    with pytest.raises(BadInput):
        manifests.store(odd, digest(), 5, by="a")


def test_a_video_sealed_a_moment_ago_is_found_by_its_looks(database, tmp_path):
    rng = np.random.default_rng(5)
    index = LedgerFingerprints(database, tmp_path)
    for _ in range(3):  # with a large index and a small one, and made anew
        hashes = rng.integers(0, 256, (6, 32), dtype=np.uint8)
        assert index.search(hashes, range(6)) == []
        payload = secrets.token_hex(12)
        seal_a_case(database, payload, hashes=hashes)
        case_id = index.search(hashes, range(6))[0].id
        assert PostgresLedger(database).load(case_id).sealed.payload == payload


def test_the_newest_payloads_are_known_and_whether_there_are_older_ones(database):
    issued, few = SealedPayloads(database), SealedPayloads(database, most=2)
    for _ in range(3):
        payload = secrets.token_hex(12)
        seal_a_case(database, payload)
        for known in (issued.window(), SealedPayloads(database).window(), few.window()):
            assert known.payloads[0] == payload and len(set(known.payloads)) == len(known.payloads)
    assert few.window().payloads == issued.window().payloads[:2]
    assert issued.window() == SealedPayloads(database).window() and issued.window().since is None
    since = few.window().since
    assert since == SealedPayloads(database, most=2).window().since
    with database.connection() as connection:
        later = "SELECT count(*) FROM sealed_videos WHERE at >= %s AND payload ~ '^[0-9a-f]{24}$'"
        assert connection.execute(later, [since]).fetchone() == (2,)


def test_the_payloads_of_given_cases_are_known_however_old_they_are(database):
    payloads = [secrets.token_hex(12) for _ in range(3)]
    for payload in payloads:
        seal_a_case(database, payload)
    with database.connection() as connection:
        query = "SELECT case_id FROM sealed_videos WHERE payload = ANY(%s)"
        cases = [row[0] for row in connection.execute(query, [payloads[:2]]).fetchall()]
    issued = SealedPayloads(database, most=1)
    assert issued.window().payloads == (payloads[2],)
    assert issued.of_cases([*cases, "nobody"]) == (payloads[1], payloads[0])
    assert issued.of_cases([]) == ()


def test_of_videos_that_look_the_same_all_are_found_the_first_sealed_first(database, tmp_path):
    same = np.random.default_rng(6).integers(0, 256, (6, 32), dtype=np.uint8)
    payloads = [secrets.token_hex(12) for _ in range(7)]
    for payload in payloads[:4]:
        seal_a_case(database, payload, hashes=same)
    old = LedgerFingerprints(database, tmp_path)
    assert len(old.search(same, range(6), most=10)) == 4
    half = np.concatenate([same[:3], np.random.default_rng(7).integers(0, 256, (3, 32), dtype=np.uint8)])
    for payload, hashes in zip(payloads[4:], (half, same, same), strict=True):
        seal_a_case(database, payload, hashes=hashes)
    expected = [*payloads[:4], *payloads[5:], payloads[4]]
    for index in (old, LedgerFingerprints(database, tmp_path)):
        found = index.search(same, range(6), most=10)
        assert [PostgresLedger(database).load(one.id).sealed.payload for one in found] == expected
        assert [one.id for one in index.search(same, range(6), most=3)] == [one.id for one in found[:3]]
        assert [one.share for one in found] == [1.0] * 6 + [0.5]
        assert all(one.sealed_at for one in found)


def test_what_has_settled_lies_in_files_that_a_second_process_uses_and_the_ledger_alone_is_enough(database, tmp_path):
    rng = np.random.default_rng(8)
    sealed = {secrets.token_hex(12): rng.integers(0, 256, (4, 32), dtype=np.uint8) for _ in range(6)}
    for payload, hashes in sealed.items():
        seal_a_case(database, payload, hashes=hashes)
    with database.owner_connection() as connection:  # as if all of it were an hour old
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET at = at - interval '1 hour'")
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")

    def found(index):
        return [payload_of(index.search(hashes, range(4))[0].id) for hashes in sealed.values()]

    def payload_of(case_id):
        return PostgresLedger(database).load(case_id).sealed.payload

    first = LedgerFingerprints(database, tmp_path, tail=2)
    assert found(first) == list(sealed)
    written = sorted(one.name for one in (tmp_path / "fingerprint").glob("segment-*"))
    assert written and first._small is None
    second = LedgerFingerprints(database, tmp_path, tail=2)
    assert found(second) == list(sealed)
    assert sorted(one.name for one in (tmp_path / "fingerprint").glob("segment-*")) == written, (
        "nothing is written twice"
    )

    late = rng.integers(0, 256, (4, 32), dtype=np.uint8)
    seal_a_case(database, payload := secrets.token_hex(12), hashes=late)
    assert [payload_of(index.search(late, range(4))[0].id) for index in (first, second)] == [payload] * 2

    (tmp_path / "fingerprint" / written[0] / "rows.npy").write_bytes(b"torn")
    (tmp_path / "fingerprint" / "segments.json").touch()
    assert found(LedgerFingerprints(database, tmp_path, tail=2)) == list(sealed), "damaged files are made anew"
