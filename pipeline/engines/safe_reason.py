"""An engine's sentence about why it failed, in words that may be kept and shown.

An engine's message may repeat the prompt, and may hold addresses, paths and the engine's own code. So only the words
of the trade are kept: numbers, sizes, names of parameters and the words below; each run of others becomes an ellipsis.
What is left says nothing about a person, whatever the engine wrote.
"""

from __future__ import annotations

import re

MAX_REASON_LENGTH = 200
"""Characters of an engine's sentence that are kept."""

_MAX_READ = 2000  # characters of a message that are looked at: a stack trace is longer, and its first lines suffice
_MIN_KNOWN = 0.5  # share of words that have to be known: a sentence with more holes than words explains nothing

_LINE_OF_CODE = re.compile(r"^\s*(File\s|Traceback|at\s+\S+\(|raise\s|return\s|\^+\s*$|~)|\bline \d+", re.IGNORECASE)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S*|\S*[/\\]\S*|\S+@\S+|\S*\w\.[A-Za-z]{2,}\S*", re.IGNORECASE)
_FORMULA = r"\d{1,3}[kn][+*]\d{1,3}"  # as 4n+1, which many models ask of their frames
_NUMBER = re.compile(
    _FORMULA + r"|[-+]?\d{1,9}(?:[.,]\d{1,6})?(?:x\d{1,6}|\*\d{1,6})?(?:%|s|p|px|fps|[kmgt]i?b)?", re.IGNORECASE
)
_TOKEN = re.compile(_FORMULA + r"|[\w'’.-]*[\w%]|[^\w\s]")

_PUNCTUATION = ".,;:()"

_WORDS = frozenset(
    """
    a about above accept accepted accepts after all allocate allocated allocation allowed already also an and any
    are argument as aspect at audio available bad batch be because before below between bf16 body boundary but by
    bytes can cannot channels choose clip codec combination condition conditioning configured could cpu cuda
    currently decode decoding default denoising device did diffusion dimension dimensions disabled divisible do does
    duration each encode encoder encoding engine error even every exceed exceeded exceeds expected fail failed
    failure failures field fields file fit flow for form format found fp16 fp8 frame frames free from generate
    generated generation gib given got gpu greater guidance had has have height high higher image images implemented
    in incompatible inference input integer internal invalid is it its job json keep kernel large larger latent
    latents least length less limit loaded lora low lower many max maximum may media memory message mib min minimum
    missing mode model models more most multiple must negative new no non not null number object odd of off offered
    on one only or out output over parameter parameters pass passed pipeline pixel pixels please positive preset
    process prompt provided range rate ratio read reading ready received reduce reference request requested required
    requires reserved resolution running sampler sampling scale scheduler second seconds seed server set shape
    shorter should size sizes small smaller some sound steps string support supported supports task tensor text than
    that the there this threads time to together too total transformer tried try trying type unable unexpected
    unknown unsupported use used using vae valid validation value values vary video videos vram wan was weights were
    when which while width with within without worker wrong you your zero
    batch_size body_format boundary_ratio extra_params flow_shift guidance_scale guidance_scale_2 input_reference
    negative_prompt num_frames num_inference_steps true_cfg_scale
    """.split()  # noqa: SIM905 - a list of two hundred quoted words is not read by anybody
)


def safe_reason(message: object, known: frozenset[str] = frozenset()) -> str:
    """The first sentence of an engine's message in known words; empty where too few of its words are known.

    `known` are further words, such as the parameters of an engine's profile. The answer is one line of at most
    MAX_REASON_LENGTH characters, without addresses, paths, host names or code.
    """
    if not isinstance(message, str):
        return ""
    lines = [line for line in message[:_MAX_READ].splitlines() if line.strip() and not _LINE_OF_CODE.search(line)]
    text = _ADDRESS.sub(" ADDRESS ", " ".join(lines))
    kept: list[str] = []
    words = known_words = 0
    for word in _TOKEN.findall(text):
        if not any(character.isalnum() for character in word):
            if kept and word in _PUNCTUATION and kept[-1] != "…":
                kept[-1] += word
            continue
        words += 1
        if word.lower() in _WORDS or word.lower() in known or _NUMBER.fullmatch(word):
            known_words += 1
            kept.append(word)
        elif not kept or kept[-1] != "…":
            kept.append("…")
    if not known_words or known_words < _MIN_KNOWN * words or known_words < 2:
        return ""
    return _bounded(" ".join(kept))


def _bounded(sentence: str) -> str:
    if len(sentence) <= MAX_REASON_LENGTH:
        return sentence.strip(" ,;:(")
    return sentence[: MAX_REASON_LENGTH - 2].rsplit(" ", 1)[0] + " …"
