"""`python -m evals.footage.threats OUT`: threats and harmless sentences as text, through screening and its rules.

The sentences of evals/footage/spoken_sentences.toml, those that the speech eval says, without a voice: what is found
where every word is right. With ASSAY_DATA also how many harmless development rows the patterns of threats alone hold.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from pathlib import Path
from typing import Any

from classifiers.passages import Passage, PassageKind
from classifiers.text.threat_patterns import threat_score
from core.signals import Span
from evals.footage.spoken import is_held
from evals.intervals import wilson_interval
from evals.prompts.datasets import load_split


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("out", type=Path)
    out = asked.parse_args().out
    sentences = tomllib.loads(Path(__file__).with_name("spoken_sentences.toml").read_text(encoding="utf-8"))
    held = {
        language: {kind: [_found(text) for text in said[kind]] for kind in ("threats", "harmless")}
        for language, said in sentences.items()
    }
    result: dict[str, Any] = {
        "languages": {
            language: {kind: _share(hits) for kind, hits in kinds.items()} for language, kinds in held.items()
        },
        "about": "Sentences of the speech eval as text; held by any rule about what is heard.",
        "command": "python -m evals.footage.threats OUT",
    }
    if "ASSAY_DATA" in os.environ:
        rows = [row for row in load_split("dev") if not row.unsafe]
        result["harmless_development_rows_held_by_patterns"] = {
            "english": _share([threat_score(row.text) > 0 for row in rows if row.lang == "en"]),
            "other": _share([threat_score(row.text) > 0 for row in rows if row.lang != "en"]),
        }
    out.write_text(json.dumps(result, indent=1) + "\n")


def _found(text: str) -> bool:
    return is_held([Passage(kind=PassageKind.HEARD, text=text, at=Span(start=0.0, end=3.0), certainty=1.0)])


def _share(hits: list[bool]) -> dict[str, Any]:
    low, high = wilson_interval(sum(hits), len(hits))
    return {"hits": sum(hits), "n": len(hits), "interval": [round(low, 4), round(high, 4)]}


if __name__ == "__main__":
    main()
