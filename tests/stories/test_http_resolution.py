"""The Soft Binding Resolution API over a real house: from a mark or a copy to the manifest, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import wave
from dataclasses import replace

import numpy as np
import pytest

from console.web.rate_limits import RateLimiter
from core.roles import Role
from evals.watermark.audio_attacks import encode_and_decode, resample, trim
from evals.watermark.audio_clips import read_audio
from media.sampling import sample_video
from pipeline.manifest_repository.repository import AUDIO_FINGERPRINT_ALGORITHM, VIDEO_FINGERPRINT_ALGORITHM
from pipeline.settings import load_settings
from pipeline.wiring import build_installation
from provenance.c2pa.manifest_definition import SOFT_BINDING_ALGORITHM
from provenance.c2pa.reader import read_detached_manifest
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.fingerprint.video_fingerprint import video_fingerprint
from provenance.seal import seal
from tests.stories.http_installation import ApiAccount, create_account, serve_installation
from tests.stories.schemathesis_transport import send_case
from tests.stories.sealed_cases import append_sealed_case
from tests.unit.provenance.conftest import StandInWatermark, make_order

pytestmark = pytest.mark.postgres
MANIFEST = {"Content-Type": "application/c2pa"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    home = tmp_path_factory.mktemp("house")
    make_dev_keys(home / "keys")
    built = build_installation(
        load_settings(home=home, engine_folder=home, max_upload_mb=2, lookups_per_minute=100_000)
    )
    yield built
    built.close()


@pytest.fixture(scope="module")
def at(house):
    with serve_installation(house) as serving:
        yield serving


@pytest.fixture(scope="module")
def operator(house):
    return ApiAccount(*create_account(house.accounts, [Role.OPERATOR]))


@pytest.fixture(scope="module")
def sealed(house, tmp_path_factory, bunny):
    return append_sealed_case(house, tmp_path_factory.mktemp("sealed"), bunny, "00112233445566aa").sealed


def value_of(payload: str) -> str:
    return base64.b64encode(bytes.fromhex(payload)).decode()


def test_a_mark_leads_to_the_manifest_whose_bytes_are_those_that_were_signed(at, sealed):
    with at.client() as public:
        asked = {"alg": SOFT_BINDING_ALGORITHM, "value": value_of(sealed.payload)}
        matches = [
            public.get("/c2pa/matches/byBinding", params=asked).json(),
            public.post("/c2pa/matches/byBinding", json=asked).json(),
            public.get("/c2pa/matches/byBinding", params=asked | {"value": base64.b64encode(sealed.payload.encode()).decode()}).json(),
        ]  # fmt: skip
        answer = public.get(f"/c2pa/manifests/{sealed.manifest_id}")
    assert matches == [{"matches": [{"manifestId": sealed.manifest_id, "similarityScore": 100}]}] * 3
    assert answer.headers["content-type"] == "application/c2pa"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert hashlib.sha256(answer.content).hexdigest() == sealed.manifest.digest


def test_the_active_manifest_alone_still_reads(at, sealed, house, bunny):
    with at.client() as public:
        whole = public.get(f"/c2pa/manifests/{sealed.manifest_id}").content
        active = public.get(f"/c2pa/manifests/{sealed.manifest_id}", params={"returnActiveManifest": True}).content
    assert active[4:8] == b"jumb" and len(active) <= len(whole)
    reading, same = read_detached_manifest(bunny, active, make_dev_keys(house.settings.keys_folder).keys.trust)
    assert (reading.credentials.manifest_id, reading.credentials.state, same) == (sealed.manifest_id, "trusted", False)


def test_a_copy_without_a_mark_is_found_by_how_it_looks_and_nothing_of_it_stays(at, sealed, bunny):
    with at.client() as public:
        answer = public.post("/c2pa/matches/byContent", content=bunny.read_bytes(), headers={"Content-Type": "video/mp4"})  # fmt: skip
        by_mark = public.post("/c2pa/matches/byContent", params={"alg": SOFT_BINDING_ALGORITHM}, content=bunny.read_bytes(), headers={"Content-Type": "video/mp4"})  # fmt: skip
    assert video_fingerprint(sample_video(bunny, every=1.0, max_side=512))
    assert answer.json() == {"matches": [{"manifestId": sealed.manifest_id, "similarityScore": 100}]}
    assert by_mark.json() == {"matches": []}
    assert at.left_on_disk() == []


def test_a_sound_alone_finds_the_video_it_was_sealed_with(at, sealed, bunny, tmp_path):
    """Cut, at another rate and as an MP3 of 64 kbit/s: the picture is gone and so are the mark and the credentials."""
    heard, rate = trim(resample(read_audio(bunny), rate=44_100), start=0.73, seconds=4.0)
    sound, _ = encode_and_decode((heard, rate), container="mp3", encoder="libmp3lame", bitrate=64_000, rate=44_100)
    with wave.open(str(tmp_path / "song.wav"), "wb") as out:
        out.setparams((sound.shape[1], 2, 44_100, 0, "NONE", ""))
        out.writeframes((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())
    content = (tmp_path / "song.wav").read_bytes()
    with at.client() as public:
        answers = [
            public.post("/c2pa/matches/byContent", params=asked, content=content, headers={"Content-Type": "audio/wav"})
            for asked in ({}, {"alg": AUDIO_FINGERPRINT_ALGORITHM}, {"alg": VIDEO_FINGERPRINT_ALGORITHM})
        ]
        said = public.post("/api/verify", files={"file": ("song.wav", content)}, timeout=60).json()
        silent = public.post("/api/verify", files={"file": ("a.wav", quiet())}, timeout=60).json()
    (match,) = answers[0].json()["matches"]
    assert match["manifestId"] == sealed.manifest_id and match["similarityScore"] >= 60
    assert answers[1].json() == answers[0].json()
    assert answers[2].status_code == 422  # there is nothing to look at
    kinds = {one["kind"]: one["says"] for one in said["evidence"]}
    assert "case 00112233445566aa" in kinds["fingerprint.sound"] and "fingerprint" not in kinds
    assert "it sounds like a video that this service sealed" in said["summary"]
    assert silent["summary"].startswith("Nothing was found")
    assert at.left_on_disk() == []


def quiet() -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(bytes(160_000))
    return content.getvalue()


def test_what_is_not_known_is_an_empty_list_whatever_the_reason(at, sealed):
    with at.client() as public:
        answers = [
            public.get("/c2pa/matches/byBinding", params=asked)
            for asked in (
                {"alg": SOFT_BINDING_ALGORITHM, "value": value_of("ff" * 12)},
                {"alg": "com.nobody.mark.1", "value": value_of(sealed.payload)},
                {"alg": SOFT_BINDING_ALGORITHM, "value": value_of(sealed.payload[:-2])},
            )
        ]
    assert [(a.status_code, a.json()) for a in answers] == [(200, {"matches": []})] * 3


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/matches/byBinding", {"params": {"alg": "a"}}, 400),
        ("GET", "/matches/byBinding", {"params": {"alg": "a", "value": "!!"}}, 400),
        ("GET", "/matches/byBinding", {"params": {"alg": "a", "value": "YQ==", "maxResults": 0}}, 400),
        ("GET", "/matches/byBinding", {"params": {"alg": "a", "value": "YQ" * 2000}}, 414),
        ("POST", "/matches/byBinding", {"json": {"alg": "a", "value": "YQ" * 2000}}, 400),
        ("POST", "/matches/byBinding", {"content": b"x" * 2_000_000, "headers": {"Content-Type": "application/json"}}, 413),
        ("POST", "/matches/byContent", {"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "/matches/byContent", {"content": b"", "headers": {"Content-Type": "video/mp4"}}, 400),
        ("POST", "/matches/byContent", {"content": b"no video", "headers": {"Content-Type": "video/mp4"}}, 422),
        ("POST", "/matches/byContent?alg=other", {"content": b"x", "headers": {"Content-Type": "video/mp4"}}, 400),
        ("POST", "/matches/byContent", {"content": b"x" * 2_200_000, "headers": {"Content-Type": "video/mp4"}}, 413),
        ("POST", "/matches/byReference", {"json": {"referenceUrl": "https://example.org", "assetLength": 9}}, 501),
        ("GET", "/manifests/urn:c2pa:nobody", {}, 404),
        ("GET", "/manifests/urn:c2pa:nobody/receipts", {}, 404),
        ("POST", "/manifests", {"content": b"x", "headers": MANIFEST}, 401),
        ("PUT", "/bindings", {"json": {"alg": "a", "bindingValue": "YQ==", "manifestId": "b"}}, 401),
        ("DELETE", "/manifests/urn:c2pa:nobody", {}, 401),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_has_its_status(at, sealed, method, path, options, status):
    with at.client() as public:
        answer = public.request(method, f"/c2pa{path}", **options)
    assert answer.status_code == status, answer.text
    assert set(answer.json()["error"]) == {"code", "message"}
    assert at.left_on_disk() == []


def test_a_manifest_of_another_maker_is_kept_bound_found_and_withdrawn_with_receipts(
    at, house, operator, tmp_path, bunny
):
    theirs, mark = make_dev_keys(tmp_path / "theirs").keys, StandInWatermark()
    report = seal(bunny, tmp_path / "a.mp4", replace(make_order(), case_id="1" * 16), keys=theirs, mark=mark.mark, detect=mark.detect)  # fmt: skip
    content = report.manifest.read_bytes()
    bound = {"alg": "com.example.mark.1", "bindingValue": "aGVsbG8=", "manifestId": report.manifest_id}
    asked = {"alg": "com.example.mark.1", "value": "aGVsbG8="}
    with at.client(at.platform) as platform, at.client() as public, at.client(operator) as chief:
        kept = platform.post("/c2pa/manifests?returnReceipt=true", content=content, headers=MANIFEST)
        assert kept.status_code == 201 and kept.json()["receipt"]["sha256"] == hashlib.sha256(content).hexdigest()
        assert at.platform.person.id not in kept.text
        assert platform.post("/c2pa/bindings", json=bound).status_code == 204
        assert (
            public.get("/c2pa/matches/byBinding", params=asked).json()["matches"][0]["manifestId"] == report.manifest_id
        )
        with at.client(at.other) as other:  # another account neither binds values to it nor takes them away
            foreign = [
                other.post("/c2pa/bindings", json=bound | {"bindingValue": "d29ybGQ="}),
                other.delete("/c2pa/bindings", params=bound),
                other.post("/c2pa/manifests", content=content, headers=MANIFEST),
                other.post("/c2pa/bindings", json=bound | {"bindingValue": "d29ybGQ="}),
                chief.post("/c2pa/bindings", json=bound),
            ]
            assert [answer.status_code for answer in foreign] == [403, 403, 201, 403, 403]
        assert public.get("/c2pa/matches/byBinding", params=asked).json()["matches"]
        assert platform.delete("/c2pa/bindings", params=bound).status_code == 204
        assert public.get("/c2pa/matches/byBinding", params=asked).json() == {"matches": []}
        assert platform.delete("/c2pa/bindings", params=bound).status_code == 404
        assert platform.put("/c2pa/bindings", json=bound).status_code == 204
        assert public.get(f"/c2pa/manifests/{report.manifest_id}").content == content
        assert platform.delete(f"/c2pa/manifests/{report.manifest_id}").status_code == 403
        assert chief.delete(f"/c2pa/manifests/{report.manifest_id}", params={"reason": "asked"}).status_code == 200
        assert public.get(f"/c2pa/manifests/{report.manifest_id}").status_code == 404
        assert public.get("/c2pa/matches/byBinding", params=asked).json() == {"matches": []}
        chain = public.get(f"/c2pa/manifests/{report.manifest_id}/receipts").json()["receipts"]
        assert platform.post("/c2pa/manifests", content=content, headers=MANIFEST).status_code == 400
    assert [(one["kind"], one["reason"]) for one in chain] == [("stored", ""), ("deleted", "asked")]
    left = [path.name for path in (house.settings.root / "vault").rglob("*")]
    assert hashlib.sha256(content).hexdigest() not in left


@pytest.mark.parametrize("name", [SOFT_BINDING_ALGORITHM.upper(), f" {SOFT_BINDING_ALGORITHM}", "com.assay.lattice.9"])
def test_names_of_our_own_algorithms_are_reserved(at, sealed, name):
    bound = {"alg": name, "bindingValue": value_of("ff" * 12), "manifestId": sealed.manifest_id}
    with at.client(at.platform) as platform:
        answer = platform.post("/c2pa/bindings", json=bound)
    assert answer.status_code == 400 and "bound by sealing only" in answer.text


def test_nobody_binds_values_to_a_manifest_that_was_sealed_here(at, sealed):
    bound = {"alg": "com.example.mark.1", "bindingValue": "aGVsbG8=", "manifestId": sealed.manifest_id}
    with at.client(at.platform) as platform:
        assert platform.post("/c2pa/bindings", json=bound).status_code == 403


def test_nobody_binds_our_own_mark_or_hands_in_what_is_no_manifest(at, sealed):
    bound = {"alg": SOFT_BINDING_ALGORITHM, "bindingValue": value_of("ff" * 12), "manifestId": sealed.manifest_id}
    with at.client(at.platform) as platform:
        answers = [
            platform.post("/c2pa/bindings", json=bound),
            platform.post("/c2pa/manifests", content=b"\x00" * 400, headers=MANIFEST),
            platform.post("/c2pa/manifests", content=b"{}", headers={"Content-Type": "application/json"}),
        ]
    assert [one.status_code for one in answers] == [400, 400, 415]


def test_a_withdrawn_manifest_of_a_case_is_gone_for_the_public_and_the_case_keeps_its_bytes(at, house, operator, tmp_path, bunny):  # fmt: skip
    gone = append_sealed_case(house, tmp_path, bunny, "00112233445566bb").sealed
    with at.client() as public, at.client(operator) as chief:
        assert chief.delete(f"/c2pa/manifests/{gone.manifest_id}").status_code == 200
        asked = {"alg": SOFT_BINDING_ALGORITHM, "value": value_of(gone.payload)}
        assert public.get("/c2pa/matches/byBinding", params=asked).json() == {"matches": []}
    assert (
        house.service.context.blob_store.fetch(gone.manifest, tmp_path / "still.c2pa").stat().st_size
        == gone.manifest.size
    )


def test_the_service_says_what_it_is(at):
    with at.client() as public:
        known = public.get("/.well-known/c2pa-soft-binding-resolution").json()
        assert public.get(f"{known['baseUrl']}/services/status").json() == {"status": "ok"}
        names = public.get(f"{known['baseUrl']}/services/supportedAlgorithms").json()
        can = public.get(f"{known['baseUrl']}/services/capabilities").json()
    assert names == {
        "watermarks": [{"alg": SOFT_BINDING_ALGORITHM}],
        "fingerprints": [{"alg": VIDEO_FINGERPRINT_ALGORITHM}, {"alg": AUDIO_FINGERPRINT_ALGORITHM}],
    }
    assert can["queries"] == ["byBinding", "byContent"]


def test_who_asks_too_fast_is_told_to_wait(at, sealed):
    room = at.app.state.context
    at.app.state.context = replace(room, rate_limiter=RateLimiter(max_requests=3))
    try:
        with at.client() as public:
            codes = [public.get("/c2pa/manifests/urn:c2pa:guess").status_code for _ in range(5)]
    finally:
        at.app.state.context = room
    assert codes == [404, 404, 404, 429, 429]


def test_the_api_keeps_its_own_description_whatever_is_asked(at, sealed):
    """Schemathesis makes requests out of the OpenAPI description, valid ones and broken ones."""
    from hypothesis import HealthCheck, Phase, given, settings

    schemathesis = pytest.importorskip("schemathesis", reason="pip install schemathesis to run this")
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(at.app.openapi())))
    wanted = schema.include(path_regex="^/(c2pa|.well-known)/").exclude(
        path=["/c2pa/matches/byContent", "/c2pa/manifests"]
    )
    tried = 0
    for operation in (one.ok() for one in wanted.get_all_operations()):

        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy())
        def ask(case):
            nonlocal tried
            tried += 1
            answer = send_case(at.url, case)
            case.validate_response(answer, checks=[status_code_conformance, response_schema_conformance], excluded_checks=[not_a_server_error])  # fmt: skip
            assert answer.status_code < 500 or answer.status_code == 501

        ask()
    assert tried > 60
