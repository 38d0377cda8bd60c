"""Runs an ONNX file on one thread: what every small net here does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class OnnxInput(Protocol):
    """An input of a net."""

    @property
    def name(self) -> str:
        """As the file has it."""


class OnnxSession(Protocol):
    """What is used of onnxruntime.InferenceSession; safe to share between threads."""

    def get_inputs(self) -> Sequence[OnnxInput]:
        """The inputs of the net."""

    def run(
        self, outputs: Sequence[str] | None, inputs: Mapping[str, NDArray[np.generic]]
    ) -> list[NDArray[np.float32]]:
        """The outputs of these names, or all, in the order of the file."""


class OnnxNet:
    """A net with one input and one output; safe to share between threads."""

    def __init__(self, model: Path | bytes) -> None:
        self._session = onnx_session(model)
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, …) float32 in, (n, d) float32 out."""
        return np.asarray(self._session.run(None, {self._input: batch})[0], dtype=np.float32)


def onnx_session(model: Path | bytes, *, no_overflow: bool = False) -> OnnxSession:
    """An onnxruntime session on one thread, which gives its working memory back after each run: of a file, or of what
    one would hold.

    `no_overflow`: weights of bytes are small enough that no two products of them overflow 16 bits, so that the fast
    way to multiply bytes is right on every processor. Without that word the exact way is taken, a fifth slower, where
    a processor has AVX2 and not VNNI: there the fast one cuts such sums off.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False  # it would keep for ever what the largest batch took, of each net
    if not no_overflow:
        options.add_session_config_entry("session.x64quantprecision", "1")
    source = model if isinstance(model, bytes) else str(model)
    session: OnnxSession = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return session
