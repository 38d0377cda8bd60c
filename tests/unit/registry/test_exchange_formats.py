"""Lists of hashes, as ThreatExchange's tools write them and as plain CSV: read, refused by line, written, read again."""

from __future__ import annotations

import json

import pytest

from core.errors import BadInput
from registry.banks.bank_entries import BankEntry, EntryState, StoredEntry
from registry.banks.exchange_formats import EXPORT_FORMATS, read_hash_list, write_hash_list

ONE = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
TWO = ONE[::-1]
VPDQ = json.dumps([f"{ONE},100,0.000", f"{TWO},90,1.000", f"{ONE},20,2.000"])


def read(text: str, kind: str = "known_bad", **more: str):
    return read_hash_list(text, name="clip-7", kind=kind, **more)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def test_what_threatexchange_prints_is_read() -> None:
    head = "signal_type,signal_str,collab,category,tags\r\n"
    rows = [
        f"pdq,{ONE},Sample,POSITIVE_CLASS,violent gore",
        f"vpdq,{quoted(VPDQ)},Sample,INVESTIGATION_SEED,",
        "video_md5,ab,Sample,POSITIVE_CLASS,",
        f"pdq,{TWO},Sample,NEGATIVE_CLASS,",
    ]
    found = read(head + "\r\n".join(rows))
    picture, video = found.entries
    assert (picture.algorithm, picture.bits.hex(), picture.tags) == ("pdq", ONE, ("violent", "gore"))
    assert (video.algorithm, video.times) == ("vpdq", (0.0, 1.0))  # a frame without detail means nothing
    assert found.left_out == {"type video_md5": 1, "category NEGATIVE_CLASS": 1}
    (harmless,) = read(head + "\r\n".join(rows), kind="known_harmless").entries
    assert harmless.bits.hex() == TWO


@pytest.mark.parametrize(
    "text",
    [
        VPDQ,
        json.dumps(
            {"0": {"quality": 100, "hash": ONE, "timestamp": 0.0}, "9": {"quality": 90, "hash": TWO, "timestamp": 1.0}}
        ),
        f"0,100,{ONE},0.0\n30,90,{TWO},1.0\n60,10,{ONE},2.0\n",
    ],
    ids=["JSON", "older JSON", "lines"],
)
def test_a_video_of_vpdq_has_its_name_from_its_file(text: str) -> None:
    (video,) = read(text).entries
    assert (video.id, video.algorithm, video.times) == ("clip-7", "vpdq", (0.0, 1.0))
    assert video.bits.hex() == ONE + TWO


def test_signals_and_bare_hashes_are_read_a_line_each() -> None:
    found = read(f"pdq {ONE}\n{TWO.upper()}\n\nvpdq {VPDQ}\nvideo_md5 aa\n")
    assert [one.algorithm for one in found.entries] == ["pdq", "pdq", "vpdq"]
    assert found.left_out == {"type video_md5": 1}


def test_descriptors_of_the_api_keep_their_ids_and_tags() -> None:
    record = {"id": "12", "type": "HASH_PDQ", "indicator": ONE, "tags": {"data": [{"text": "media_type_photo"}]}}
    gone, other = {**record, "should_delete": True}, {**record, "type": "HASH_MD5"}
    found = read(json.dumps({"data": [record, gone, other]}))
    (one,) = found.entries
    assert (one.id, one.tags) == ("12", ("media_type_photo",)) and sum(found.left_out.values()) == 2


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"pdq zz\npdq {ONE}\nvpdq []\n!! {ONE}\n", ["line 1", "line 3", "line 4"]),
        (f"id,algorithm,hash,time\na,pdq,{ONE},0\nb,pdq,00,0\nc,pdq,{ONE}\nd,md5,{ONE},0\ne,vpdq,{ONE},x\n",
         ["line 3", "line 4", "line 5", "line 6"]),
        (f"signal_type,signal_str,collab,category,tags\npdq,{ONE},s,EVIL,\npdq,{ONE}00,s,POSITIVE_CLASS,\n",
         ["line 2", "line 3"]),
        (f"0,100,{ONE},0.0\n1,101,{ONE},1.0\nx\n", ["line 2", "line 3"]),
        ('[\n"zz,1,2"\n', ["line 3"]),
        ('{"data": [{"id": "1"}, {"indicator": "zz", "type": "HASH_PDQ"}]}', ["record 1", "record 2"]),
    ],
    ids=["signals", "csv", "threatexchange", "vpdq lines", "JSON", "descriptors"],
)  # fmt: skip
def test_every_bad_line_is_named_and_nothing_is_taken(text: str, lines: list[str]) -> None:
    with pytest.raises(BadInput, match="nothing was taken") as refused:
        read(text)
    assert [place for place in lines if f"{place}:" in str(refused.value)] == lines


def test_ten_bad_lines_are_shown_and_the_others_counted() -> None:
    with pytest.raises(BadInput, match="and 15 more"):
        read("pdq zz\n" * 25)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(BadInput, match="is no format"):
        read(ONE, named_format="xml")
    with pytest.raises(BadInput, match="cannot be written"):
        write_hash_list([], "vpdq")


@pytest.mark.parametrize("format_name", EXPORT_FORMATS)
def test_what_is_written_is_read_again(format_name: str) -> None:
    known = [
        BankEntry(id="a", algorithm="pdq", bits=bytes.fromhex(ONE), tags=("x", "y")),
        BankEntry(id="v", algorithm="vpdq", bits=bytes.fromhex(ONE + TWO), times=(0.0, 1.5)),
        BankEntry(id="p", algorithm="phash", bits=b"12345678"),
        BankEntry(id="s", algorithm="sound", bits=bytes.fromhex(TWO + ONE), times=(3.0, 4.0)),
    ]
    stored = [
        StoredEntry(key=number, bank="b", kind="known_bad", state=EntryState.ACTIVE, entry=one)
        for number, one in enumerate(known)
    ]
    text, unsaid = write_hash_list(stored, format_name)
    again = read(text).entries
    assert unsaid == (0 if format_name == "csv" else 2)
    if format_name == "csv":
        assert list(again) == known
    else:
        assert [(one.algorithm, one.bits, one.times) for one in again] == [
            (one.algorithm, one.bits, one.times) for one in known[:2]
        ]


def test_crops_that_only_assay_keeps_are_in_its_own_list_alone() -> None:
    entry = BankEntry(id="v", algorithm="vpdq", bits=bytes.fromhex(ONE + TWO), times=(0.0, 0.0), views=(1000, 900))
    stored = [StoredEntry(key=1, bank="b", kind="known_bad", state=EntryState.ACTIVE, entry=entry)]
    assert read(write_hash_list(stored, "csv")[0]).entries == (entry,)
    (told,) = read(write_hash_list(stored, "signals")[0]).entries
    assert told.bits.hex() == ONE
