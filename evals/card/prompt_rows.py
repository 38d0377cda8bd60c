"""Rows of prompts alone: would the gate before rendering let them through? What it lets through counts as unsafe here,
though what an engine makes of it is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evals.card.prompt_samples import harmless_prompts, hate_test, own_texts, unsafe_prompts
from evals.card.request_decisions import count_outcomes
from evals.card.row_plan import CardBench, RowFigures, RowPlan
from evals.prompts.corpus import HARMLESS_LABELS, LABELS
from pipeline.release_card.card_record import RequestOutcomes

_MOST = 300
"""Prompts of a side, at most."""
_VIDEO = ("t2vsafetybench", "safree_t2v")
_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi",
    "it": "Italian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "zh": "Chinese",
}  # fmt: skip
_UNSAFE_LABELS = frozenset(LABELS) - HARMLESS_LABELS
_RIGHTS = "A question of rights and no harm: held is right here, for a person to ask whether it is allowed."

Texts = Callable[[Path], Sequence[str]]


def prompt_rows() -> list[RowPlan]:
    """Categories of the published card first, then others, own texts, attacks, rights, minors, languages."""
    return [*_published(), *_others(), *_rights(), *_minors(), *map(_language, _LANGUAGES)]


def own_video_row() -> RowPlan:
    """The row that needs no data: texts for videos that were written to measure, and that nothing was learnt from."""

    def measure(bench: CardBench) -> RowFigures:
        unsafe = own_texts("dev_lookalikes_video", unsafe=True, labels=_UNSAFE_LABELS)
        return _decided(bench, unsafe, own_texts("dev_lookalikes_video", unsafe=False))

    return RowPlan(
        id="prompt_own_video",
        group="Prompts: other categories",
        title="Look-alikes, hard on purpose",
        about="Written for this project, never learnt from: harmless prompts with suspicious words, and unsafe ones in "
        "harmless words. It needs no data, so every test run measures a part of it anew.",
        needs_data=False,
        measure=measure,
    )


def _published() -> list[RowPlan]:
    group = "Prompts: the categories of the published card"
    return [
        _row(
            "sexual",
            group,
            "Sexual",
            lambda data: unsafe_prompts(data, {"sexual"}, {*_VIDEO, "mma_diffusion_clean"}),
            near="sexual",
            published=(96.04, 96.20),
            about="Unsafe: T2VSafetyBench, SAFREE, MMA-Diffusion (plain).",
        ),
        _row(
            "self_harm",
            group,
            "Self-harm",
            lambda _: _own({"self_harm"}),
            near="self_harm",
            published=(99.70, 94.60),
            about="Unsafe: texts of our own alone, chat and video; no data set of video prompts has the category, and "
            "the labels of the picture prompts in i2p are search terms.",
        ),
        _row(
            "violence",
            group,
            "Violence",
            lambda data: unsafe_prompts(data, {"violence", "gore"}, _VIDEO),
            near="violence",
            published=(95.10, 97.00),
            about="Unsafe: T2VSafetyBench, SAFREE, gore included. Some are not plainly violent (muppets, a circus).",
        ),
        _row(
            "political",
            group,
            "Political persuasion",
            lambda data: [*unsafe_prompts(data, {"political"}, _VIDEO), *_own({"political"})],
            near="political",
            published=(95.52, 98.67),
            about="Unsafe: T2VSafetyBench (mostly politicians put in a bad light), texts of our own.",
        ),
        _row(
            "extremism",
            group,
            "Extremism",
            lambda _: _own({"extremism"}),
            near="extremism",
            published=(96.82, 99.11),
            about="Unsafe: texts of our own alone, chat and video; no data set of video prompts has the category.",
        ),
    ]


def _others() -> list[RowPlan]:
    group = "Prompts: other categories"
    attacks = {"mma_diffusion_adv", "ringabell_nudity", "ringabell_violence"}
    return [
        own_video_row(),
        _row("everyday", group, "Everyday prompts and captions", None, about="A sample of all harmless prompts."),
        _row("hate", group, "Hate", lambda data: unsafe_prompts(data, {"hate"}, _VIDEO)),
        _row("illicit", group, "Crime, drugs, weapons", lambda data: unsafe_prompts(data, {"illicit"}, _VIDEO)),
        _row(
            "disinfo",
            group,
            "False news",
            lambda data: unsafe_prompts(data, {"disinfo"}, _VIDEO),
            about="Most of them are claims that only somebody who knows the world can call false.",
        ),
        _row("shocking", group, "Shocking", lambda data: unsafe_prompts(data, {"shocking"}, _VIDEO)),
        _row(
            "sequence",
            group,
            "Harmless scenes in a harmful order",
            lambda data: unsafe_prompts(data, {"temporal_risk"}, _VIDEO),
            about="T2VSafetyBench, temporal risk. Nothing here looks for an order; what is stopped, is for its words.",
        ),
        _row(
            "gibberish",
            group,
            "Attacks: nonsense found by search",
            lambda data: unsafe_prompts(data, {"sexual", "violence"}, attacks),
        ),
        _row(
            "implicit",
            group,
            "Attacks: prompts that look safe",
            lambda data: unsafe_prompts(data, {"implicit_adversarial"}, {"adversarial_nibbler"}),
            about="Adversarial Nibbler: safe in words by design, unsafe in what picture models made of them. This is "
            "what looking at the video is for.",
        ),
    ]


def _rights() -> list[RowPlan]:
    group = "Prompts: characters and people"
    return [
        _row(
            "characters",
            group,
            "Characters, brands, works",
            lambda data: unsafe_prompts(data, {"copyright_ip"}, {"t2vsafetybench", "copycat_ip"}),
            about=_RIGHTS,
        ),
        _row(
            "public_figures",
            group,
            "Well-known people, without their consent",
            lambda data: unsafe_prompts(data, {"public_figure"}, {"t2vsafetybench", "evalcrafter"}),
            about=_RIGHTS,
        ),
    ]


def _minors() -> list[RowPlan]:
    def account(bench: CardBench) -> RowFigures:
        data = bench.require_data()
        labels = {"sexual", "violence", "gore"}
        unsafe = bench.sample(unsafe_prompts(data, labels, _VIDEO), _MOST)
        harmless = bench.sample(harmless_prompts(data), _MOST)
        decide = bench.decisions.request
        return RowFigures(
            unsafe=count_outcomes(decide(text, account_minor=True) for text in unsafe),
            harmless=count_outcomes(decide(text, account_minor=True) for text in harmless),
        )

    group = "Minors"
    return [
        _row(
            "minors",
            group,
            "Children in harmless prompts",
            None,
            near="minors",
            missing="Unsafe side not measured: texts that sexualise children are neither collected nor written for "
            "this project. The rules about them have examples in scores, without words.",
        ),
        RowPlan(
            id="prompt_minor_account",
            group=group,
            title="A minor's account: sexual, violence",
            about="Sexual and violent prompts (T2VSafetyBench, SAFREE), asked for by an account of a minor, for which "
            "thresholds are lower. Harmless: any.",
            measure=account,
        ),
    ]


def _language(lang: str) -> RowPlan:
    def measure(bench: CardBench) -> RowFigures:
        data = bench.require_data()
        unsafe = hate_test(data, lang, unsafe=True)
        captions = harmless_prompts(data, lang=lang)
        side = captions or hate_test(data, lang, unsafe=False)
        kind = "captions and video prompts" if captions else "sentences of the same test, hateful-looking on purpose"
        about = f"Unsafe: multilingual HateCheck, posts and no video prompts. Harmless: {kind}."
        found = _decided(bench, unsafe, side, most=150)
        missing = "" if unsafe else "Unsafe side not measured: no labelled texts of this language in the data."
        return RowFigures(unsafe=found.unsafe, harmless=found.harmless, missing=missing, about=about)

    if lang == "en":
        return _row(
            "lang_en",
            "Languages",
            "English",
            lambda data: unsafe_prompts(data, {"hate"}, {"hatecheck"}),
            about="Unsafe: HateCheck. Harmless: captions and video prompts.",
        )
    return RowPlan(
        id=f"prompt_lang_{lang}",
        group="Languages",
        title=_LANGUAGES[lang],
        measure=measure,
    )


def _row(
    name: str,
    group: str,
    title: str,
    unsafe: Texts | None,
    *,
    near: str = "",
    published: tuple[float, float] | None = None,
    about: str = "",
    missing: str = "",
) -> RowPlan:
    """Unsafe texts against harmless ones that lie `near`, or any; without `unsafe` there is a harmless side alone."""

    def measure(bench: CardBench) -> RowFigures:
        data = bench.require_data()
        harmless = harmless_prompts(data, near=near) if unsafe is None or near or "lang" in name else []
        return _decided(bench, unsafe(data) if unsafe else [], harmless)

    return RowPlan(
        id=f"prompt_{name}",
        group=group,
        title=title,
        about=about,
        missing=missing,
        published_percent=published,
        measure=measure,
    )


def _decided(bench: CardBench, unsafe: Sequence[str], harmless: Sequence[str], *, most: int = _MOST) -> RowFigures:
    def side(texts: Sequence[str]) -> RequestOutcomes | None:
        return count_outcomes(map(bench.decisions.prompt, bench.sample(texts, most))) if texts else None

    return RowFigures(unsafe=side(unsafe), harmless=side(harmless))


def _own(labels: set[str]) -> list[str]:
    files = ("dev_lookalikes", "dev_lookalikes_video")
    return [text for file in files for text in own_texts(file, unsafe=True, labels=labels)]
