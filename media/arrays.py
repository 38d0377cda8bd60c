"""Names for numpy arrays, so that a signature says what an array holds. Each says its shape and unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LumaPlane = NDArray[np.uint8]
"""Brightness of one picture: (height, width), 0 to 255."""

RgbImage = NDArray[np.uint8]
"""One picture: (height, width, 3), red, green, blue, 0 to 255."""

AudioSamples = NDArray[np.float32]
"""Sound: (samples,) for mono or (samples, channels), full scale is 1.0."""

FloatArray = NDArray[np.float32]
"""Any shape, single precision."""

DoubleArray = NDArray[np.float64]
"""Any shape, double precision."""

FloatMatrix = NDArray[np.float32]
"""(rows, columns), single precision."""

Embedding = NDArray[np.float32]
"""One descriptor: (dimensions,), or a stack of them."""

EmbeddingMatrix = NDArray[np.float32]
"""Descriptors: (count, dimensions)."""

Landmarks = NDArray[np.floating]
"""Points of a face: (points, 2), x and y in pixels."""

PowerSpectrum = NDArray[np.float32]
"""Power of sound: (frames, frequency bins)."""

BitArray = NDArray[np.uint8]
"""Bits, one a byte: 0 or 1."""

BoolArray = NDArray[np.bool_]
"""Truth values, any shape."""

ComplexArray = NDArray[np.complex128]
"""Any shape, complex, double precision."""

ComplexSpectra = NDArray[np.complex64]
"""Spectra: complex, single precision."""

AnyArray = NDArray[Any]
"""Any shape and type."""
