"""Files built on purpose to cost much, to lie about themselves or to lead a reader elsewhere; each by its name.

A builder takes a small whole MP4 and returns the bytes of its file.
"""

from __future__ import annotations

import io
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable, Mapping

Builder = Callable[[bytes], bytes]

_FILE_TYPE = struct.pack(">I4s", 24, b"ftyp") + b"isom\0\0\2\0isomiso2"
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def _box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _nested(kind: bytes, depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = _box(kind, data)
    return data


def _gif(width: int, height: int, frames: int, *, tail: bytes = b";") -> bytes:
    header = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\0\1\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return header + frame * frames + tail


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *, rows: int, extra: bytes = b"", depth: int = 8, interlaced: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, interlaced)
    row = bytes(1 + 3 * width * depth // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _zeros(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _animated_png(frames: int) -> bytes:
    control = _chunk(b"acTL", struct.pack(">II", frames, 0))
    pixels = zlib.compress(bytes(4096 * (1 + 3 * 4096 // 64)), 9)
    steps = b"".join(
        _chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 64, 64, 0, 0, 1, 1, 0, 0))
        + _chunk(b"fdAT", struct.pack(">I", number) + pixels[:200])
        for number in range(frames)
    )
    return _png(4096, 4096, rows=4096, extra=control + steps)


def _jpeg(*, width: int = 64, height: int = 64, segments: bytes = b"", scans: int = 1) -> bytes:
    table = b"\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([1] * 64)
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    codes = b"\xff\xc4" + struct.pack(">HB", 20, 0) + bytes([1] + [0] * 15) + b"\x00"
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00" + b"\x00\x00\x00" + b"\x00" * 8
    return b"\xff\xd8" + segments + table + frame + codes + scan * scans + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(body)) + body


def _exif_loop() -> bytes:
    directory = struct.pack(
        "<HHHIII", 1, 0x8769, 4, 1, 8, 8
    )  # an entry that leads to its own directory, and so does next
    return _segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + directory)


def _riff(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return b"RIFF" + struct.pack("<I", size if size is not None else 4 + len(body)) + kind + body


def _webp_animation(frames: int) -> bytes:
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + b"\xff\x3f\0" * 2
    frame = b"ANMF" + struct.pack("<I", 24) + bytes(16) + b"VP8L" + struct.pack("<I", 0)
    return _riff(b"WEBP", canvas + b"ANIM" + struct.pack("<IIH", 6, 0, 0) + frame * frames)


def _bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 1, 1, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def _wave(*, rate: int = 8000, channels: int = 1, claims: int | None = None, seconds: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(2 * 8000 * seconds))
    data = bytearray(out.getvalue())
    if claims is not None:
        data[40:44] = struct.pack("<I", claims)
    return bytes(data)


def _zip(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(size))
    return out.getvalue()


def _element(kind: bytes, body: bytes) -> bytes:
    return kind + b"\x01" + len(body).to_bytes(7, "big") + body


def _matroska(body: bytes) -> bytes:
    header = _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", b"matroska"))
    return header + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + body  # a segment of unknown size


def _elements_inside(kind: bytes, depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = _element(kind, data)
    return data


def _find(data: bytes, kind: bytes) -> int:
    at = data.find(kind)
    return at if at >= 0 else len(data) - 4


def _set(clip: bytes, kind: bytes, after: int, value: int) -> bytes:
    at = _find(clip, kind) + 4 + after
    return clip[:at] + value.to_bytes(4, "big") + clip[at + 4 :]


def _moov(clip: bytes) -> tuple[int, bytes]:
    at = _find(clip, b"moov") - 4
    return at, clip[at : at + int.from_bytes(clip[at : at + 4], "big")]


def _tracks(clip: bytes, times: int) -> bytes:
    at, moov = _moov(clip)
    first = moov.index(b"trak") - 4
    track = moov[first : first + int.from_bytes(moov[first : first + 4], "big")]
    return clip[:at] + _box(b"moov", moov[8:] + track * times) + clip[at + len(moov) :]


def _in_moov(clip: bytes, more: bytes) -> bytes:
    at, moov = _moov(clip)
    return clip[:at] + _box(b"moov", moov[8:] + more) + clip[at + len(moov) :]


def _credentials(store: bytes) -> bytes:
    return _box(b"uuid", _C2PA + b"\0\0\0\0" + b"manifest\0" + bytes(8) + store)


def _superbox(content: bytes, label: bytes = b"c2pa") -> bytes:
    described = _box(b"jumd", b"c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\x03" + label + b"\0")
    return _box(b"jumb", described + content)


def _superboxes_inside(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = _superbox(data)
    return data


def _nested_cbor(depth: int) -> bytes:
    return _box(
        b"jumb", _box(b"jumd", b"cbor" + bytes(12) + b"\x03c2pa.claim\0") + _box(b"cbor", b"\x81" * depth + b"\0")
    )


HOSTILE_FILES: Mapping[str, Builder] = {
    "gif: 20,000 pictures on 7680 × 7680": lambda _: _gif(7680, 7680, 20_000),
    "gif: 300 pictures on 7680 × 7680": lambda _: _gif(7680, 7680, 300),
    "gif: 60,000 pictures on 500 × 500": lambda _: _gif(500, 500, 60_000),
    "gif: 400,000 pictures on 16 × 16": lambda _: _gif(16, 16, 400_000),
    "gif: a canvas of 65535 × 65535": lambda _: _gif(65535, 65535, 1),
    "gif: an extension without end": lambda _: _gif(64, 64, 1, tail=b"\x21\xfe" + b"\xff" * 3_000_000),
    "gif: a million comments": lambda _: _gif(64, 64, 1, tail=b"\x21\xfe\x01a\0" * 1_000_000 + b";"),
    "png: 7680 × 7680 of one colour": lambda _: _png(7680, 7680, rows=7680),
    "png: says 100,000 × 100,000": lambda _: _png(100_000, 100_000, rows=10),
    "png: says 2³¹ − 1 pixels a side": lambda _: _png(2**31 - 1, 2**31 - 1, rows=0),
    "png: 7680 × 7680 at 16 bits, interlaced": lambda _: _png(7680, 7680, rows=7680, depth=16, interlaced=1),
    "png: a text of 200 MB": lambda _: _png(64, 64, rows=64, extra=_chunk(b"zTXt", b"k\0\0" + _zeros(200_000_000))),
    "png: a colour profile of 200 MB": lambda _: _png(
        64, 64, rows=64, extra=_chunk(b"iCCP", b"k\0\0" + _zeros(200_000_000))
    ),
    "png: 300,000 texts": lambda _: _png(64, 64, rows=64, extra=_chunk(b"tEXt", b"k\0v") * 300_000),
    "png: 20,000 pictures on 4096 × 4096": lambda _: _animated_png(20_000),
    "png: pixels that unpack to 300 MB": lambda _: _png(64, 64, rows=0, extra=_chunk(b"IDAT", _zeros(300_000_000))),
    "jpeg: says 65,500 × 65,500": lambda _: _jpeg(width=65_500, height=65_500),
    "jpeg: 7,680 × 7,680 in 20,000 scans": lambda _: _jpeg(width=7680, height=7680, scans=20_000),
    "jpeg: 60,000 segments of comments": lambda _: _jpeg(segments=_segment(0xFE, b"x") * 60_000),
    "jpeg: Exif that leads to itself": lambda _: _jpeg(segments=_exif_loop()),
    "jpeg: 2,000 segments of credentials": lambda _: _jpeg(
        segments=b"".join(
            _segment(0xEB, b"JP\0\1" + number.to_bytes(4, "big") + _superbox(bytes(1000))) for number in range(2000)
        )
    ),
    "jpeg: credentials 2,000 deep": lambda _: _jpeg(
        segments=_segment(0xEB, b"JP\0\1\0\0\0\1" + _superboxes_inside(1500)[:60_000])
    ),
    "jpeg: only a beginning": lambda _: b"\xff\xd8\xff\xe0",
    "webp: 20,000 pictures on 16384 × 16384": lambda _: _webp_animation(20_000),
    "webp: says 4 GiB": lambda _: _riff(b"WEBP", b"VP8L" + struct.pack("<I", 2**32 - 1), size=2**32 - 1),
    "bmp: says 2³¹ − 1 pixels a side": lambda _: _bmp(2**31 - 1, 2**31 - 1),
    "bmp: says 7680 × 7680 and holds nothing": lambda _: _bmp(7680, 7680),
    "ppm: says 99,999 × 99,999": lambda _: b"P6\n99999 99999\n255\n",
    "ppm: a comment of 30 MB": lambda _: b"P6\n#" + b"x" * 30_000_000 + b"\n64 64\n255\n",
    "mp4: three million empty boxes": lambda _: _FILE_TYPE + _box(b"free") * 3_000_000,
    "mp4: 45,000 empty boxes": lambda clip: clip + _box(b"free") * 45_000,
    "mp4: boxes 100,000 deep": lambda _: _FILE_TYPE + _nested(b"moov", 2000),
    "mp4: unknown boxes 5,000 deep": lambda clip: clip + _nested(b"abcd", 5000),
    "mp4: 3,000 tracks": lambda clip: _tracks(clip, 3000),
    "mp4: 60 tracks": lambda clip: _tracks(clip, 58),
    "mp4: two thousand million samples": lambda clip: _set(clip, b"stsz", 8, 0x7FFFFFFF),
    "mp4: four thousand million times": lambda clip: _set(clip, b"stts", 4, 0xFFFFFFFF),
    "mp4: four thousand million chunks": lambda clip: _set(clip, b"stco", 4, 0xFFFFFFFF),
    "mp4: four thousand million pictures in one step": lambda clip: _set(clip, b"stts", 8, 0xFFFFFFFF),
    "mp4: samples that last for ever": lambda clip: _set(clip, b"stts", 12, 0xFFFFFFFF),
    "mp4: a time scale of 0": lambda clip: _set(clip, b"mdhd", 12, 0),
    "mp4: a time scale of 4,294,967,295": lambda clip: _set(clip, b"mdhd", 12, 0xFFFFFFFF),
    "mp4: a picture of 65,535 × 65,535": lambda clip: _set(clip, b"avc1", 24, 0xFFFFFFFF),
    "mp4: an index that says 4 GiB": lambda clip: _set(clip, b"moov", -8, 0xFFFFFFF0),
    "mp4: 400,000 edits": lambda clip: _in_moov(
        clip, _box(b"edts", _box(b"elst", struct.pack(">II", 0, 400_000) + struct.pack(">IiI", 1, 0, 65536) * 400_000))
    ),
    "mp4: 20,000 fragments": lambda clip: (
        clip + (_box(b"moof", _box(b"mfhd", bytes(8)) + _box(b"traf")) + _box(b"mdat")) * 20_000
    ),
    "mp4: XMP of 60 MB": lambda clip: clip + _box(b"uuid", _XMP + b"<x:xmpmeta>" + b" " * 60_000_000),
    "mp4: XMP of a million entities": lambda clip: clip + _box(b"uuid", _XMP + b"<x:xmpmeta " + b"&lol;" * 1_000_000),
    "mp4: 100,000 named keys": lambda clip: _in_moov(
        clip, _box(b"meta", bytes(4) + _box(b"keys", struct.pack(">II", 0, 100_000) + _box(b"mdta", b"k") * 100_000))
    ),
    "mp4: credentials 5,000 deep": lambda clip: clip + _credentials(_superboxes_inside(5000)),
    "mp4: a claim 1,000,000 deep": lambda clip: clip + _credentials(_superbox(_nested_cbor(1_000_000))),
    "mp4: 100,000 manifests": lambda clip: clip + _credentials(_superbox(_superbox(b"", b"urn:c2pa:1") * 100_000)),
    "mp4: 40 MB of credentials": lambda clip: clip + _credentials(_superbox(bytes(40_000_000))),
    "mp4: credentials that say 4 GiB": lambda clip: clip + _credentials(struct.pack(">I4s", 0xFFFFFFF0, b"jumb")),
    "mp4: data that lies in /etc/passwd": lambda clip: clip.replace(
        _box(b"url ", b"\0\0\0\1"), _box(b"alis", b"\0\0\0\0/etc/passwd")
    ),
    "mp4: only its type": lambda _: _FILE_TYPE,
    "matroska: two million empty elements": lambda _: _matroska(b"\xec\x80" * 2_000_000),
    "matroska: tags 5,000 deep": lambda _: _matroska(_elements_inside(b"\x67\xc8", 5000)),
    "matroska: 50,000 tracks": lambda _: _matroska(
        _element(b"\x16\x54\xae\x6b", _element(b"\xae", b"\xd7\x81\1\x83\x81\1") * 50_000)
    ),
    "matroska: a block that says 2⁵⁶ bytes": lambda _: _matroska(b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xfe"),
    "avi: a million empty chunks": lambda _: _riff(b"AVI ", b"JUNK\0\0\0\0" * 1_000_000),
    "avi: lists 2,000 deep": lambda _: _riff(b"AVI ", (b"LIST" + struct.pack("<I", 2**31) + b"hdrl") * 2000),
    "transport stream: 8,000 streams": lambda _: b"".join(
        b"\x47" + struct.pack(">H", 0x4000 | number & 0x1FFF) + b"\x10" + bytes(184) for number in range(8000)
    ),
    "wav: says 4 GiB": lambda _: _wave(claims=2**32 - 1),
    "wav: one sample a second": lambda _: _wave(rate=1),
    "wav: 2,000,000,000 samples a second": lambda _: _wave(rate=2_000_000_000),
    "wav: 65,535 channels": lambda _: _wave().replace(struct.pack("<HH", 1, 1), struct.pack("<HH", 1, 65535), 1),
    "wav: three hours of silence": lambda _: _wave(seconds=10_800 // 2),
    "flac: a header that says 2³⁶ samples": lambda _: b"fLaC\x80\0\0\x22\x10\0\x10\0" + b"\xff" * 30,
    "mp3: an ID3 tag of 256 MB": lambda _: b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"\xff\xfb\x90\0" * 1000,
    "ogg: 50,000 streams": lambda _: b"".join(
        b"OggS\0\2" + bytes(8) + struct.pack("<III", number, 0, 0) + b"\x01\x01x" for number in range(50_000)
    ),
    "text: a playlist of local files": lambda _: b"#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "text: a playlist of a server here": lambda _: b"#EXTM3U\n#EXTINF:1\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n",
    "text: a list of files to join": lambda _: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "text: SVG with an entity": lambda _: b'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>',
    "text: 30 MB of it": lambda _: b"a" * 30_000_000,
    "zip: 500 MB of nothing": lambda _: _zip(500_000_000),
    "30 MB of zeros": lambda _: bytes(30_000_000),
}
"""Every file by what it is."""
