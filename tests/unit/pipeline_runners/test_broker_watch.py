"""What means that a broker has lost its memory, and what does not: leaders, partitions, retention, silence."""

from contextlib import suppress
from datetime import timedelta
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unavailable
from pipeline.runners.broker_memory import TopicLook, lost_topics, remembered
from pipeline.runners.broker_watch import BrokerWatch
from tests.brokers.worker_processes import wait_until

NEW = {"t": TopicLook(topic_id="b", ends={0: 0, 1: 0})}
OLD = {"t": TopicLook(topic_id="a", ends={0: 57, 1: 3})}
LONGEST = 10  # seconds


def ends(*, topic_id="a", **by_partition):
    return {"t": TopicLook(topic_id=topic_id, ends={int(name[1:]): end for name, end in by_partition.items()})}


@pytest.mark.parametrize(
    "now",
    [
        OLD,
        ends(p0=60, p1=3),
        ends(p0=57, p1=3, p2=0),  # a partition was added
        ends(p1=3),  # an election: where the other ends is not known
        ends(topic_id="", p0=57, p1=3),  # asked of an old broker
        {},  # no answer for this topic
        {**OLD, "another": None},  # which this process has never seen
    ],
)
def test_a_broker_that_keeps_its_memory_has_lost_nothing(now):
    assert lost_topics(OLD, now) == set()


@pytest.mark.parametrize(
    "now", [NEW, {"t": None}, ends(p0=56, p1=3), ends(topic_id="", p0=0), ends(topic_id="b", p0=99)]
)
def test_a_topic_that_is_gone_or_new_or_ends_earlier_is_lost(now):
    assert lost_topics(OLD, now) == {"t"}


LOOKS = st.lists(st.dictionaries(st.integers(0, 3), st.integers(0, 5)), max_size=12)


@given(LOOKS)
def test_partitions_that_only_grow_are_never_lost_however_many_are_unknown_in_between(steps):
    known, so_far = {}, {}
    for step in steps:
        so_far |= {number: so_far.get(number, 0) + more for number, more in step.items()}
        now = {"t": TopicLook(topic_id="a", ends={number: so_far[number] for number in step})}
        assert lost_topics(known, now) == set()
        known = remembered(known, now)
    assert not known or known["t"].ends == so_far


class Broker:
    """What it answers, one look after the other: the last one for ever; None: it is away."""

    def __init__(self, *answers):
        self.answers, self.made, self.may_make = list(answers), 0, Event()
        self.may_make.set()

    def ask(self):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise Unavailable("away")
        return answer

    def make(self):
        if not self.may_make.is_set():
            raise Unavailable("the broker does not make the topic t (TopicAuthorizationFailedError)")
        self.made += 1


def watched(*answers, may_make=True):
    broker, over = Broker(*answers), Event()
    if not may_make:
        broker.may_make.clear()
    watch = BrokerWatch(broker.ask, broker.make, timedelta(milliseconds=1))
    watch.start(over.set)
    return broker, watch, over


@pytest.mark.parametrize("answers", [[OLD, NEW], [None, OLD, None, {"t": None}], [OLD, {}, ends(p0=2)]])
def test_a_loss_that_is_seen_twice_makes_the_topics_and_starts_over_once(answers):
    broker, watch, over = watched(*answers)
    assert over.wait(LONGEST) and watch.has_forgotten()
    assert broker.made == 1


def looks(*answers):
    """What a watch suspects at each look, without its thread; an absence is passed over."""
    broker = Broker(*answers)
    watch, suspects = BrokerWatch(broker.ask, broker.make, timedelta(0)), []
    for _ in answers:
        with suppress(Unavailable):
            suspects.append(watch.look())
    return suspects, watch.has_forgotten(), broker.made


def test_what_is_seen_once_only_is_no_loss_and_silence_is_none():
    suspects, forgotten, made = looks(OLD, {"t": None}, OLD, None, OLD, ends(p0=1), OLD)
    assert suspects == [False, True, False, False, True, False]
    assert not forgotten and made == 0


def test_topics_that_were_never_there_are_made_and_nothing_starts_over():
    assert looks({"t": None}, NEW, NEW) == ([False, False, False], False, 1)


def test_a_worker_that_may_not_make_topics_says_so_once_and_goes_on_asking(caplog):
    broker, watch, over = watched(OLD, {"t": None}, may_make=False)
    wait_until(lambda: "TopicAuthorizationFailedError" in caplog.text)
    assert not over.wait(0.1) and watch.has_forgotten()
    assert caplog.text.count("TopicAuthorizationFailedError") == 1
    broker.may_make.set()
    assert over.wait(LONGEST) and broker.made == 1
