"""Limits of untrusted files, and of the process that reads them."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLimits:
    """What is accepted: bytes of the file, pixels of the longer side, seconds, and number of pictures; pixels that are
    decoded in all, and boxes and tracks of a container, which are counted before anything is decoded or parsed.
    """

    max_bytes: int = 4096 * MIB
    max_side: int = 7680
    min_side: int = 16
    max_duration: float = 3600.0
    max_frames: int = 500_000
    max_decoded_pixels: int = 10**13
    max_boxes: int = 1_000_000
    max_tracks: int = 256

    @property
    def max_pixels(self) -> int:
        """The most pixels a decoder may allocate for one picture."""
        return self.max_side * self.max_side


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLimits:
    """Limits of a sandboxed process: address space and written file in bytes, CPU and wall time in seconds."""

    memory: int = 3072 * MIB
    cpu: int = 120
    wall: float = 300.0
    written: int = 2048 * MIB


PROCESS_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
    "MALLOC_MMAP_THRESHOLD_": str(256 * MIB),
    "MALLOC_TRIM_THRESHOLD_": str(1024 * MIB),
    "MALLOC_TOP_PAD_": str(32 * MIB),
}
"""What a limited process sees of an environment, beside folders of its own: one thread, and memory that it keeps.

glibc gives large blocks back to the system at once, and each picture's arrays would be paged in anew: a seventh of the
time of marking.
"""
TRANSCODE_LIMITS = ProcessLimits(memory=8192 * MIB, cpu=7200, wall=7200.0, written=16384 * MIB)
"""For re-encoding a whole video."""
