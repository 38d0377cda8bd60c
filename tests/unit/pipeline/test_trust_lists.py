"""Trust lists are dated files: a new one takes the place of the older, and a bad one changes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import BadInput
from pipeline.verification.trust_lists import fetch_trust_list, read_trust_lists, update_trust_list
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.trust_list_files import load_trust_lists

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture(scope="module")
def roots():
    return [profile.make_root_ca(datetime.now(UTC)).certificate.public_bytes(Encoding.PEM) for _ in range(3)]


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_list_is_a_file_with_the_days_date_and_the_older_one_is_believed_no_more(tmp_path, roots):
    folder, source = tmp_path / "trust", tmp_path / "list.pem"
    source.write_bytes(roots[0] + roots[1])
    first = update_trust_list(folder, "c2pa", str(source), today=MONDAY)
    update_trust_list(folder, "c2pa-tsa", str(source), today=MONDAY)
    assert (first.name, first.certificates, first.changed) == ("c2pa-2026-11-23", 2, True)
    source.write_bytes(roots[1] + roots[2])
    second = update_trust_list(folder, "c2pa", str(source), today=TUESDAY)
    assert second.name == "c2pa-2026-11-24" and second.certificates == 2
    assert names(folder) == ["c2pa-2026-11-24.pem", "c2pa-tsa-2026-11-23.pem", "superseded/c2pa-2026-11-23.pem"]
    signers, times = load_trust_lists(folder)
    assert [one.name for one in signers] == ["urn:list:c2pa-2026-11-24"]
    assert [one.name for one in times] == ["urn:list:c2pa-tsa-2026-11-23"]
    assert roots[0].decode() not in signers[0].pem
    assert [one.name for one in read_trust_lists(folder)] == ["c2pa-2026-11-24", "c2pa-tsa-2026-11-23"]


def test_the_same_list_again_keeps_its_date(tmp_path, roots):
    source = tmp_path / "list.pem"
    source.write_bytes(roots[0])
    update_trust_list(tmp_path / "trust", "c2pa", str(source), today=MONDAY)
    again = update_trust_list(tmp_path / "trust", "c2pa", str(source), today=TUESDAY)
    assert (again.name, again.changed) == ("c2pa-2026-11-23", False)
    assert names(tmp_path / "trust") == ["c2pa-2026-11-23.pem"]


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])  # fmt: skip
def test_what_is_no_list_changes_nothing(tmp_path, roots, content):
    source = tmp_path / "list.pem"
    source.write_bytes(roots[0])
    update_trust_list(tmp_path / "trust", "c2pa", str(source), today=MONDAY)
    source.write_bytes(content)
    with pytest.raises(BadInput, match="no certificates"):
        update_trust_list(tmp_path / "trust", "c2pa", str(source), today=TUESDAY)
    assert names(tmp_path / "trust") == ["c2pa-2026-11-23.pem"]


@pytest.mark.parametrize("source", ["http://example.com/list.pem", "file:///etc/hosts", "/nowhere.pem", "https://127.0.0.1/list.pem"])  # fmt: skip
def test_lists_come_from_public_servers_over_https_or_from_a_file(tmp_path, source):
    with pytest.raises(BadInput):
        fetch_trust_list(source, tmp_path / "new")
    assert not (tmp_path / "new").exists()
