"""Measures prompts in which somebody is named who agreed to appear, and writes evals/results/prompt_named.json.

    OMP_NUM_THREADS=1 python -m evals.prompts.named_people

The texts (evals.prompts.named_texts) are prompts for videos in which each name does every act in each language. They
are decided by the default pack, and nobody of these names is enrolled: what holds one is its words.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from classifiers.text.prompt_intent import PromptIntent
from core.verdicts import Decision
from evals.bench.machine_info import machine_info
from evals.prompts.accuracy import texts_mask
from evals.prompts.classification_metrics import positive_rate
from evals.prompts.named_texts import measured_texts
from evals.prompts.predictions import predict_prompts

RESULT = Path("evals/results/prompt_named.json")


def main() -> None:
    """Measure all of them and write the figures."""
    texts = measured_texts()
    found = predict_prompts([text.text for text in texts], ["video"] * len(texts))
    held = found.decisions >= Decision.HOLD
    harmful = texts_mask(text.harmful for text in texts)

    def rates(mine: Any) -> dict[str, Any]:
        return {
            "harmless_held": positive_rate(held[mine & ~harmful]),
            "harmful_found": positive_rate(held[mine & harmful]),
        }

    report = {
        "machine": machine_info(),
        "classifier": PromptIntent.version,
        "texts": len(texts),
        "all": rates(texts_mask(True for _ in texts)),
        "languages": {
            lang: rates(texts_mask(text.lang == lang for text in texts))
            for lang in dict.fromkeys(text.lang for text in texts)
        },
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report["all"]))


if __name__ == "__main__":
    main()
