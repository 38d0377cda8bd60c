"""Prompts that name somebody who agreed: what is measured by is never learnt from."""

from __future__ import annotations

from evals.prompts.named_texts import learnt_texts, measured_texts


def test_every_name_does_every_act_in_every_language() -> None:
    texts = measured_texts()
    count = {(lang, harmful): 0 for lang in {one.lang for one in texts} for harmful in (True, False)}
    for one in texts:
        count[one.lang, one.harmful] += 1
    assert len(count) >= 2 * 14
    assert {number for (_, harmful), number in count.items() if not harmful} == {36}
    assert {number for (_, harmful), number in count.items() if harmful} == {12}


def test_no_name_and_no_act_that_is_measured_by_is_learnt_and_names_are_read_as_names() -> None:
    names = {
        name for one in measured_texts() for name in ("maren", "noor", "jonas", "amara", "pierre") if name in one.text
    }
    assert len(names) == 5
    learnt = learnt_texts(7)
    assert not [one.text for one in learnt if "@" in one.text or "{" in one.text or names & set(one.text.split())]
    rest = {
        one.text.replace("@maren", "").replace("@noor", "").strip() for one in measured_texts() if "@maren" in one.text
    }
    assert not [one.text for one in learnt for act in rest if act and act in one.text]


def test_what_is_learnt_is_the_same_each_time_and_has_harm_in_it() -> None:
    assert learnt_texts(7) == learnt_texts(7)
    labels = {label for one in learnt_texts(7) if one.unsafe for label in one.labels}
    assert labels == {"violence", "sexual", "hate", "illicit"}
