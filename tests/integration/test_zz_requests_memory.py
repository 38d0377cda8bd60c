import time
from tests.integration.test_topic_bridge import *
from evals.local_broker import free_port

def test_requests(tmp_path):
    port = free_port()
    with embedded_ledger(tmp_path) as (_, dsn):
        with tansu(tmp_path, port=port) as servers:
            create_topics(KafkaConnection(servers=servers), Topics(more=CONTRACT), partitions=1)
            scene = Scene(servers, dsn, tmp_path, bus="kafka", partitions=1)
            worker = scene.start_worker()
            for n in range(8): scene.ask(f"before-{n}")
            wait_until(lambda: list(scene.statuses().values()) == ["published"]*8 or None, 120)
        time.sleep(1)
        with tansu(tmp_path, port=port) as servers:
            t=time.monotonic()
            log=tmp_path/"worker-0.log"
            wait_until(lambda: "starts over" in log.read_text() or None, 60)
            print("over", time.monotonic()-t)
            scene._producer=Producer({"bootstrap.servers": servers, "linger.ms": 0, "log_level": 0})
            scene.ask("later")
            scene.outcomes = Topic(servers, "assay.outcomes", 4)
            wait_until(lambda: scene.statuses().get("later") == "published" or None, 90)
            print("published", time.monotonic()-t)
            assert worker.poll() is None
            scene.close()
