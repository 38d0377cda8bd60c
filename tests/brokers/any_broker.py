"""The broker of the suite: Tansu, or whichever stands at TEST_KAFKA (`make kafka-check KAFKA=host:port`)."""

import os
import secrets
from contextlib import contextmanager

from pipeline.runners.topics import Topics
from tests.brokers.tansu import tansu

ADDRESS = "TEST_KAFKA"


@contextmanager
def any_broker(folder):
    """A running broker; gives its address."""
    if address := os.environ.get(ADDRESS):
        yield address
        return
    with tansu(folder) as address:
        yield address


def own_topics():
    """Names that nobody has used: a broker that stands may know those of an earlier run."""
    return Topics(prefix=f"assay-test-{secrets.token_hex(4)}")
