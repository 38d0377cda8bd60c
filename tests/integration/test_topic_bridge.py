"""Requests over a topic and outcomes back, through Faust, and through workers that are killed in the middle."""

import base64
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from core.roles import Role
from pipeline.accounts import create_account
from pipeline.ledgers.database import open_database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import create_topics
from pipeline.runners.topics import Topics
from tests.brokers.librdkafka_mock import mock_cluster
from tests.brokers.tansu import tansu
from tests.brokers.worker_processes import embedded_ledger, wait_until
from tests.conftest import ROOT
from tests.reference_files import encoded
from tests.stories.http_installation import FINE, HELD, REFUSED

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(600)]
CONTRACT = ("assay.requests", "assay.outcomes", "assay.requests.dead-letters")
FINAL = {"published", "refused", "held", "failed"}


class Topic:
    """What lies on a topic, from its beginning; each read goes on where the last one stopped."""

    def __init__(self, servers, name, partitions):
        self.messages = []
        self._consumer = Consumer(
            {"bootstrap.servers": servers, "group.id": "test", "enable.auto.commit": False, "log_level": 0}
        )
        self._consumer.assign([TopicPartition(name, number, 0) for number in range(partitions)])

    def read(self):
        while (message := self._consumer.poll(0.5)) is not None:
            if message.error() is None:
                self.messages.append(json.loads(message.value()))
        return self.messages


class Scene:
    def __init__(self, servers, dsn, folder, *, bus, partitions):
        self.servers, self.folder, self.workers = servers, folder, []
        self.database = open_database(dsn)
        self.ledger = PostgresLedger(self.database)
        create_account(PostgresAccounts(self.database), [Role.PLATFORM], account_id="acct_1")
        self.outcomes = Topic(servers, "assay.outcomes", partitions)
        self.dead_letters = Topic(servers, "assay.requests.dead-letters", partitions)
        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 0, "log_level": 0})
        self._environment = os.environ | {
            "TOY_DATABASE": dsn,
            "TOY_SERVERS": servers,
            "TOY_BUS": bus,
            "TOY_HOME": str(folder / "shared"),
            "TOY_REQUESTS": "acct_1",
        }

    def start_worker(self, **more):
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.stub_pipeline.topic_bridge"],
                env=self._environment | more,
                cwd=ROOT,
                stdout=out,
                stderr=out,
            )
        self.workers.append(process)
        return process

    def ask(self, name, prompt=FINE, version=1, **more):
        self.send(json.dumps({"type": "assay.request", "version": version, "id": name, "prompt": prompt, **more}))

    def send(self, value):
        self._producer.produce("assay.requests", value=value)
        assert self._producer.flush(10) == 0

    def last_outcomes(self):
        newest = {}
        for outcome in sorted(self.outcomes.read(), key=lambda one: one["revision"]):
            newest[outcome["request"]] = outcome
        return newest

    def statuses(self):
        return {name: outcome["status"] for name, outcome in self.last_outcomes().items()}

    def cases(self):
        return self.ledger.list(limit=1000)

    def close(self):
        for process in self.workers:
            process.terminate()
        for process in self.workers:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.database.close()


@contextmanager
def mocked(folder):
    with embedded_ledger(folder) as (_, dsn), mock_cluster(*Topics(more=CONTRACT).all()) as servers:
        scene = Scene(servers, dsn, folder, bus="confluent", partitions=4)
        try:
            yield scene
        finally:
            scene.close()


@contextmanager
def over_tansu(folder):
    with embedded_ledger(folder) as (_, dsn), tansu(folder) as servers:
        create_topics(KafkaConnection(servers=servers), Topics(more=CONTRACT), partitions=2)
        scene = Scene(servers, dsn, folder, bus="kafka", partitions=2)
        try:
            yield scene
        finally:
            scene.close()


@pytest.mark.parametrize("broker", [mocked, over_tansu])
def test_requests_are_answered_and_what_is_none_is_a_dead_letter(broker, tmp_path):
    with broker(tmp_path) as scene:
        scene.start_worker()
        scene.ask("fine")
        scene.ask("held", HELD)
        scene.ask("refused", REFUSED)
        scene.ask("fine")
        scene.ask("wrong", purpose="Zebedee")
        scene.send("Zebedee is no request")
        scene.ask("theirs", account="acct_2")
        wanted = {"fine": "published", "held": "held", "refused": "refused", "wrong": "failed"}
        wait_until(lambda: scene.statuses() == wanted or None, 120)
        wait_until(lambda: len(scene.dead_letters.read()) == 2 or None)
        assert {letter["reason"] for letter in scene.dead_letters.messages} == {"not_json", "account_not_allowed"}
        assert all(letter["topic"] == "assay.requests" for letter in scene.dead_letters.messages)
        told = json.dumps(scene.outcomes.messages + scene.dead_letters.messages)
        assert not any(words in told for words in ("Zebedee", FINE, HELD, REFUSED))
        assert len(scene.cases()) == 3


def test_a_request_of_version_2_carries_parameters_and_a_reference_and_what_is_refused_is_named(tmp_path):
    picture = encoded("PNG")
    data_url = "data:image/png;base64," + base64.b64encode(picture).decode()
    with over_tansu(tmp_path) as scene:
        inbox = tmp_path / "shared" / "inbox" / "acct_1"
        inbox.mkdir(parents=True)
        (inbox / "meadow.png").write_bytes(picture)
        scene.start_worker()
        scene.ask("blob", version=2, input_reference={"blob": "meadow.png"}, parameters={"seed": 7})
        scene.ask("data", version=2, input_reference={"image_url": data_url})
        scene.ask("bound", version=2, parameters={"seed": "many"})
        scene.ask("field", version=2, guidance=5)
        wanted = {"blob": "published", "data": "published", "bound": "failed", "field": "failed"}
        wait_until(lambda: scene.statuses() == wanted or None, 120)
        last = scene.last_outcomes()
        assert (last["bound"]["code"], last["bound"]["field"]) == ("invalid_request", "seed")
        assert (last["field"]["code"], last["field"]["field"]) == ("unknown_field", "guidance")
        cases = {case.id: case.request for case in scene.cases()}
        assert dict(cases[last["blob"]["case"]].parameters) == {"seed": 7}
        assert all(len(cases[last[name]["case"]].references) == 1 for name in ("blob", "data"))
        assert scene.dead_letters.read() == []


def test_a_worker_that_is_killed_in_the_middle_loses_no_request_and_no_outcome(tmp_path):
    names = [f"order-{number}" for number in range(16)]
    with mocked(tmp_path) as scene:
        worker = scene.start_worker(TOY_SLOW="0.5")
        for name in names:
            scene.ask(name)
        wait_until(lambda: len(scene.cases()) >= 3 or None, 120)
        time.sleep(0.2)  # in the pause between a stored case and its acknowledgement
        worker.kill()
        worker.wait()
        assert len(scene.cases()) < len(names)
        scene.start_worker()
        wait_until(
            lambda: (set(scene.statuses()) == set(names) and set(scene.statuses().values()) <= FINAL) or None, 150
        )
        assert set(scene.statuses().values()) == {"published"}
        assert len(scene.cases()) == len(names)
        assert {outcome["case"] for outcome in scene.last_outcomes().values()} == {case.id for case in scene.cases()}
