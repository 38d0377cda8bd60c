"""The labels and facts that rules may use. The caller passes it in, since policy knows no classifier."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.signals import Subject
from core.verdicts import Gate

FACTS: Mapping[str, type] = MappingProxyType(
    {
        "end_user_known": bool,  # whether the platform says for which of its users it asks
        "author_strikes": int,  # gates that refused that user, else the account, within 30 days, and stood by it
        "author_recent": int,  # submissions of the author in the last hour; counts stop at 10 000
        "author_day": int,  # submissions of the author in the last 24 hours
        "author_refused_hour": int,  # likewise in the last hour
        "author_refused_day": int,  # and in the last 24 hours
        "author_waiting": int,  # cases of the author that wait for a person now
        "account_refusals_last_minute": int,  # verdicts that refused the account something within the last minute
        "classifier_drift": float,  # how far what measured this case is from its week of reference; not known if new
        "cameos_named": int,  # by the case, or by what it is made from
        "cameos_unleased": int,  # of those named, without a lease that covers this case now
        "cameos_unapproved": int,  # whose owner wants to approve each draft, and has not approved this one
        "cameos_vetoed": int,  # vetoes of owners over this case or what it is made from
        "cameos_watched": int,  # leases under which a person looks at each use
        "cameos_minor": int,  # minors among those named here, or by what it is made from
        "prompt_minors": float,  # score of `minors` in the prompt; 0 where there was none, not known where not measured
        "cameo_limits_unreviewed": int,  # leases with limits in the owner's words of which nobody has made rules
        "cameo_words_broken": int,  # words of the prompt that people shown will not say or be shown with
        "cameo_words_shown": int,  # such words that are said or written in what was measured last
        "cameo_no_politics": bool,  # limits of people shown
        "cameo_no_alcohol": bool,
        "cameo_no_romance": bool,
        "cameo_no_revealing": bool,
        "enrol_for_another": bool,  # a guardian enrols a minor
        "parents_recalled": int,  # cases it is made from that were taken down
        "parents_claimed": int,  # cases it is made from that a claim keeps down
        "works_covered": bool,  # whether holders allow all registered works that are named or shown, or will be asked
        "works_not_allowed": int,  # named works whose holders allow nothing of the kind
        "works_outside_audience": int,  # named works whose holders allow it to other accounts only
        "works_outside_purpose": int,  # for other purposes only
        "works_outside_parody": int,  # as parody only, or not as parody
        "works_outside_territory": int,  # in other countries only
        "works_ended": int,  # named works of which a licence has ended
        "works_unapproved": int,  # named works whose holders are asked about each draft, and have not approved this one
        "works_refused": int,  # named works whose holders do not want this draft
        "likenesses_refused": int,  # works that it only looks like, whose holders do not want this draft
        "works_changed": int,  # named works that were allowed when it was ordered, and no longer are
        "works_inherited": int,  # works that what it is made from names, and whose holders have not allowed this
        "seconds": float,  # length asked for at the prompt gate, length found at the video gate
        "has_reference": bool,
        "reference_sealed_here": bool,  # the reference is, to the byte, the published video that this one is made over
        "has_negative_prompt": bool,  # whether the order says what the video is to be without
        "damaged_parents": int,  # files it is made from whose credentials do not hold; once rendered, that file too
        "audience": str,  # what the platform says the video is for, as general or teen
        "account_minor": bool,  # whether the account is a minor's, by the platform's word or the installation's setting
        "region": str,  # where the account is, as the platform states it (DE, US-CA); empty where it does not
        "tier": str,  # what kind of account it is to the platform (free, business, newsroom); empty where not said
        "engine": str,
        "monitor_asked": bool,  # whether this installation has a reasoning model read prompts
    }
)

SUBJECTS_BY_GATE: Mapping[Gate, frozenset[Subject]] = MappingProxyType(
    {
        Gate.PROMPT: frozenset({Subject.PROMPT, Subject.NEGATIVE_PROMPT, Subject.REFERENCE}),
        Gate.VIDEO: frozenset({Subject.VIDEO}),
        Gate.ENROL: frozenset({Subject.TAKE}),
    }
)

THRESHOLD = "threshold"  # in a condition: the rule's own, or its audience's

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Labels with the subjects of which they are measured, and facts with their types: bool, int, float or str.

    Raises ValueError for a name that is no lower-case identifier, or that is both a label and a fact.
    """

    labels: Mapping[str, frozenset[Subject]]
    facts: Mapping[str, type]

    def __post_init__(self) -> None:
        if THRESHOLD in self.labels or THRESHOLD in self.facts:
            raise ValueError(f"in a condition {THRESHOLD!r} is the rule's threshold, and no label or fact")
        odd = [name for name in (*self.labels, *self.facts) if not _NAME.fullmatch(name)]
        if odd:
            raise ValueError(f"not a lower-case name: {odd[0]!r}")
        if shared := self.labels.keys() & self.facts.keys():
            raise ValueError(f"both a label and a fact: {min(shared)!r}")
        if unknown := [name for name, kind in self.facts.items() if kind not in (bool, int, float, str)]:
            raise ValueError(f"the fact {unknown[0]!r} must be a bool, int, float or str")

    def labels_at(self, gate: Gate) -> frozenset[str]:
        """The labels that are measured of what this gate looks at."""
        return frozenset(name for name, subjects in self.labels.items() if subjects & SUBJECTS_BY_GATE[gate])
