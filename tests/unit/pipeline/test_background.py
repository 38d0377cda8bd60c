import threading

import pytest

from pipeline.background import running_beside


class Worker:
    def __init__(self):
        self.began, self.ended = threading.Event(), threading.Event()

    def run_forever(self, stop):
        self.began.set()
        stop.wait(30)
        self.ended.set()


def test_a_worker_ends_with_the_block_and_is_waited_for():
    worker = Worker()
    with running_beside(worker, "a-worker"):
        assert worker.began.wait(10) and not worker.ended.is_set()
    assert worker.ended.is_set()


def test_a_worker_ends_with_a_block_that_breaks_too():
    worker = Worker()
    with pytest.raises(ZeroDivisionError), running_beside(worker, "a-worker"):
        raise ZeroDivisionError
    assert worker.ended.is_set()


def test_where_there_is_no_worker_the_block_runs_alone():
    before = threading.active_count()
    with running_beside(None, "nobody"):
        assert threading.active_count() == before
