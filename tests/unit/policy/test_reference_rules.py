"""What an order starts from is judged by all that is measured of it."""

import re

from classifiers import label_subjects
from core.signals import Subject
from core.verdicts import Gate
from policy.rule_files import read_rules
from tests.conftest import ROOT


def test_some_rule_about_references_speaks_of_whatever_is_measured_of_a_reference() -> None:
    rules, problems = read_rules(ROOT / "policy" / "rules")
    assert not problems
    about = [rule.when for rule in rules if rule.gate is Gate.PROMPT and "has_reference" in rule.when]
    spoken_of = {name for condition in about for name in re.findall(r"\w+", condition)}
    measured = {label for label, subjects in label_subjects().items() if Subject.REFERENCE in subjects}
    assert measured and measured <= spoken_of
