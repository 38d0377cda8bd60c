"""What decodes a stranger's file never has the key of the watermark: not in its environment, arguments, files or memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import BadMedia
from media.sandbox import client
from media.sandbox.client import run_sandboxed
from provenance.watermark import Payload, WatermarkKey, mark_file
from provenance.watermark.video.likely_files import find_likely_in_file
from provenance.watermark_detection import detect_watermarks

BUNNY = Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4"
KEY = WatermarkKey(id="canary-key", secret=b"canary secret of the watermark")
OTHER = WatermarkKey(id="other-key", secret=b"another secret of a watermark!!")
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")
_FORMS = tuple(form for key in (KEY, OTHER) for form in (key.secret, key.secret.hex().encode(), key.id.encode()))
MEDIA = (".mp4", ".png", ".wav", ".m4a")


@pytest.fixture
def processes(monkeypatch):
    """Function, request and files of each sandboxed process that is started, as JSON."""
    started, run = [], client.run_request

    def noted(request, *more):
        started.append((request["function"], json.dumps(request).encode(), tuple(request["reads"])))
        return run(request, *more)

    monkeypatch.setattr(client, "run_request", noted)
    return started


def holds_key(content: bytes) -> bool:
    return any(form in content for form in _FORMS)


def decodes(reads) -> bool:
    return any(name.endswith(MEDIA) for name in reads)


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    made = tmp_path_factory.mktemp("marked") / "marked.mp4"
    mark_file(BUNNY, made, payload=PAYLOAD, key=KEY)
    return made


def test_no_process_that_sees_a_file_is_given_a_key(marked, processes, tmp_path):
    mark_file(BUNNY, tmp_path / "again.mp4", payload=PAYLOAD, key=KEY)
    found = detect_watermarks(marked, keys=[OTHER, KEY], issued=[PAYLOAD.hex])
    assert found.payload == PAYLOAD.hex and found.audio.payload == PAYLOAD.hex
    likely = find_likely_in_file(marked, keys=[KEY], likely=[PAYLOAD.hex])
    assert likely.mark.payload == PAYLOAD.hex and likely.mark.among == 1 and likely.segments
    given = [(function, decodes(reads), holds_key(request)) for function, request, reads in processes]
    assert sum(decoding for _, decoding, _ in given) >= 3 and any(key for _, _, key in given)
    assert [function for function, decoding, key in given if decoding and key] == []


def test_what_a_process_with_a_key_sees_are_folders_of_numbers(marked, processes):
    detect_watermarks(marked, keys=[KEY])
    with_key = [reads for _, request, reads in processes if holds_key(request)]
    assert len(with_key) == 2
    for reads in with_key:
        (folder,) = reads
        assert Path(folder).name.startswith(("assay-sums-", "assay-sound-"))
        assert not Path(folder).exists()


SEARCH = """
import ctypes, os, re
def held(content):
    return any(content[at.end():at.end() + len(last)] == last[::-1]
               for first, last in {halves!r} for at in re.finditer(re.escape(first), content))
places = {{"environment": repr(dict(os.environ)).encode(), "arguments": open("/proc/self/cmdline", "rb").read()}}
for folder in {folders!r}:
    for name in os.listdir(folder):
        if os.path.isfile(os.path.join(folder, name)):
            places["file " + name] = open(os.path.join(folder, name), "rb").read()
found = [place for place, content in places.items() if held(content)]
for line in open("/proc/self/maps").read().splitlines():
    span, rights = line.split()[:2]
    if rights.startswith("r") and "[v" not in line:
        start, end = (int(edge, 16) for edge in span.split("-"))
        if held(ctypes.string_at(start, end - start)): found.append("memory " + line.split()[-1])
found = sorted(set(found))
if found: raise ValueError(", ".join(found)[:400])
"""
"""Finds a secret by its first half and its last, which stands here in reverse, so that the search finds no copy of itself.

The list of maps is read before any is looked at, and no copy is kept: copies are maps too, and would be copied in turn
until the memory was gone, which happened or not with where they came to lie.
"""


def search(arguments, folders=()):
    """Look for the secrets in a sandboxed process that was forked from the same server and given these arguments."""
    halves = [(form[: len(form) // 2], form[len(form) // 2 :][::-1]) for form in _FORMS if len(form) > 20]
    given = json.dumps(arguments)
    run_sandboxed(
        "timeit:timeit",
        {
            "stmt": SEARCH.format(halves=halves, folders=[".", *map(str, folders)]),
            "setup": f"given = {given!r}",
            "number": 1,
        },
        writes=[Path(one) for one in folders],
    )


def test_the_search_finds_a_key_that_a_process_was_given():
    with pytest.raises(BadMedia, match="ValueError"):
        search({"keys": [{"id": KEY.id, "secret": KEY.secret.hex()}]})


def test_a_process_that_decodes_finds_no_key_in_its_environment_arguments_files_and_memory(marked, monkeypatch):
    searched, run = [], client.run_request

    def then_search(request, *more):
        answer = run(request, *more)
        if decodes(request["reads"]) and not request["function"].startswith("timeit"):
            searched.append(request["function"])
            search(request["arguments"], folders=request["writes"])
        return answer

    monkeypatch.setattr(client, "run_request", then_search)
    detect_watermarks(marked, keys=[OTHER, KEY], issued=[PAYLOAD.hex])
    detect_watermarks(marked, keys=[OTHER, KEY])  # once processes with keys were forked from the same server
    assert len(searched) == 4
