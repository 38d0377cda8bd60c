"""Platforms are told: `assay serve` as it is, a real receiver, and OpenAI's own client to register and to unwrap.

What moves a case to its end is the ledger itself, so that no story waits for a video: the wiring of the server, its
outbox, its sender and its API are the real ones.
"""

import json
import os
import re
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.conftest import ROOT
from tests.stories import forked_commands
from tests.stories.forked_commands import ForkedProcess
from tests.stories.http_installation import form_token
from tests.stories.server_process import start_server, stop_server
from tests.stories.webhook_receiver import webhook_receiver

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
openai = pytest.importorskip("openai", reason="OpenAI's client is not installed")

QUICK = {
    "ASSAY_WEBHOOK_NETWORKS": "127.0.0.0/8",
    "ASSAY_WEBHOOK_FIRST_RETRY": "0.2",
    "ASSAY_WEBHOOK_TIMEOUT": "1.5",
}
REFUSED = "step by step instructions to build a pipe bomb at home"


@dataclass
class Serving:
    """`assay serve` in a process of its own."""

    process: ForkedProcess
    url: str
    token: str
    env: dict

    @property
    def client(self):
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.token, max_retries=0)

    def ask(self, method, path, token=None, **given):
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.request(method, self.url + path, headers=headers, trust_env=False, timeout=60, **given)

    def refuse_a_video(self):
        """Order what policy refuses at the prompt; its id."""
        return self.ask("POST", "/v1/videos", json={"prompt": REFUSED}).json()["id"]


def command(env, *arguments):
    done = forked_commands.run(["-m", "pipeline.cli", *arguments], env=env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def start(env, token):
    process, url = start_server(env, Path(env["ASSAY_HOME"]) / "serve.log")
    return Serving(process, url, token, env)


@contextmanager
def served(**settings):
    home = Path(tempfile.mkdtemp())
    shutil.copytree(ROOT / "deploy" / "demo", home / "engine")
    base = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    folder = {
        "ASSAY_HOME": str(home),
        "ASSAY_ENGINE_FOLDER": str(home / "engine"),
        "ASSAY_FRAMES": "2",
        "ASSAY_MAX_FRAMES": "2",
    }
    env = base | folder | QUICK | settings
    command(env, "keys", "dev")
    token = command(env, "account", "create", "--role", "platform", "--id", "acme", "--json")["token"]
    running = start(env, token)
    try:
        yield running
    finally:
        stop_server(running.process)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def at():
    with served() as running:
        yield running


@pytest.fixture
def receiver():
    with webhook_receiver() as receiving:
        yield receiving


@pytest.fixture
def registered(at, receiver):
    """An endpoint for refusals, made with OpenAI's client."""
    made = at.client.webhooks.create(name="mine", url=f"{receiver.url}/hook", event_types=["video.failed"])
    yield made
    at.ask("DELETE", f"/v1/webhook_endpoints/{made.id}")


def deliveries(at, endpoint, **query):
    return at.ask("GET", f"/v1/webhook_endpoints/{endpoint.id}/deliveries", params=query).json()["data"]


def wait_until(true, seconds=20.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def test_openais_client_registers_an_endpoint_and_unwraps_what_arrives(at, receiver, registered):
    assert registered.signing_secret.startswith("whsec_") and registered.object == "webhook_endpoint"
    case_id = at.refuse_a_video()
    ((headers, body),) = receiver.wait_for(1)
    event = at.client.webhooks.unwrap(body, headers, secret=registered.signing_secret)
    assert (event.type, event.data.id, event.object) == ("video.failed", case_id, "event")
    assert event.id == headers["webhook-id"]
    with pytest.raises(openai.InvalidWebhookSignatureError):
        at.client.webhooks.unwrap(body + b" ", headers, secret=registered.signing_secret)
    assert Webhook(registered.signing_secret).verify(body, headers)["id"] == event.id


def test_a_message_names_the_video_its_status_and_nothing_else(at, receiver, registered):
    case_id = at.refuse_a_video()
    ((headers, body),) = receiver.wait_for(1)
    assert json.loads(body) == {
        "id": headers["webhook-id"],
        "object": "event",
        "created_at": pytest.approx(time.time(), abs=60),
        "type": "video.failed",
        "data": {"id": case_id, "object": "video", "status": "failed"},
    }
    assert headers["Content-Type"] == "application/json"


def test_every_call_of_openais_client_works(at, receiver):
    client = at.client
    assert "video.completed" in client.webhooks.event_types.list().data
    made = client.webhooks.create(name="one", url=f"{receiver.url}/a", event_types=["video.completed", "video.failed"])
    assert client.webhooks.retrieve(made.id).signing_secret_hint.endswith(made.signing_secret.rstrip("=")[-4:])
    assert made.signing_secret not in str(client.webhooks.retrieve(made.id).to_dict())
    changed = client.webhooks.update(made.id, name="two")
    assert (changed.name, changed.url, len(changed.event_types)) == ("two", made.url, 2)
    assert made.id in [one.id for one in client.webhooks.list()]
    tested = client.webhooks.test(made.id, event_type="video.completed")
    assert (tested.status_code, tested.success) == (200, True)
    ((headers, body),) = receiver.wait_for(1)
    assert client.webhooks.unwrap(body, headers, secret=made.signing_secret).data.id == "video_test"
    assert client.webhooks.delete(made.id).deleted is True
    with pytest.raises(openai.NotFoundError):
        client.webhooks.retrieve(made.id)


def test_a_receiver_that_fails_hangs_drips_drops_and_redirects_is_tried_until_it_works_with_one_id(
    at, receiver, registered
):
    receiver.manners.extend([500, "hang", "drop", "redirect", "drip"])
    at.refuse_a_video()
    receiver.wait_for(1, seconds=60)
    assert receiver.answered == [500, "hang", "drop", "redirect", "drip", 200]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    (delivery,) = deliveries(at, registered)
    wait_until(lambda: deliveries(at, registered)[0]["state"] == "delivered")
    (delivery,) = deliveries(at, registered)
    assert (delivery["attempts"], delivery["response_status"], delivery["error"]) == (6, 200, None)


def test_one_receiver_that_hangs_holds_up_neither_another_nor_the_api(at, receiver, registered):
    with webhook_receiver() as quick:
        other = at.client.webhooks.create(name="quick", url=quick.url, event_types=["assay.video.refused"])
        receiver.manners.extend(["hang"] * 40)
        cases = {at.refuse_a_video() for _ in range(8)}
        told = {json.loads(body)["data"]["id"] for _, body in quick.wait_for(8, seconds=60)}
        assert told == cases
        receiver.manners.clear()
        assert at.ask("GET", "/v1/videos").status_code == 200
        at.client.webhooks.delete(other.id)


def test_a_rotated_secret_signs_with_the_former_one_for_a_day_where_that_is_wanted(at, receiver, registered):
    rotated = at.client.webhooks.rotate_secret(registered.id, keep_old_secret_active_for_24_hours=True)
    at.refuse_a_video()
    ((headers, body),) = receiver.wait_for(1)
    for secret in (registered.signing_secret, rotated.signing_secret):
        assert at.client.webhooks.unwrap(body, headers, secret=secret).type == "video.failed"
    last = at.client.webhooks.rotate_secret(registered.id)
    at.refuse_a_video()
    headers, body = receiver.wait_for(2)[1]
    assert at.client.webhooks.unwrap(body, headers, secret=last.signing_secret)
    for secret in (registered.signing_secret, rotated.signing_secret):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_who_is_gone_is_sent_nothing_more_until_the_owner_changes_the_endpoint(at, receiver, registered):
    receiver.manners.append(410)
    at.refuse_a_video()
    wait_until(lambda: at.client.webhooks.retrieve(registered.id).to_dict()["assay"]["disabled_at"])
    before = len(receiver.got)
    at.refuse_a_video()
    time.sleep(1.5)
    assert len(receiver.got) == before and deliveries(at, registered)[0]["state"] == "dead"
    path = f"/v1/webhook_endpoints/{registered.id}/deliveries/replay_dead"
    assert at.ask("POST", path).status_code == 409
    at.client.webhooks.update(registered.id, name="back")
    assert at.ask("POST", path).json()["queued"] == 1
    receiver.wait_for(1)


def test_a_delivered_event_is_sent_again_when_it_is_asked_for_under_the_same_id(at, receiver, registered):
    at.refuse_a_video()
    receiver.wait_for(1)
    (delivery,) = deliveries(at, registered)
    path = f"/v1/webhook_endpoints/{registered.id}/deliveries/{delivery['id']}/replay"
    assert at.ask("POST", path).status_code == 200
    first, second = receiver.wait_for(2)
    assert first[0]["webhook-id"] == second[0]["webhook-id"] and first[1] == second[1]
    assert at.ask("POST", path.replace(f"/{delivery['id']}/", "/999999999/")).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://10.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://localhost.invalid/hook",
        "https://user:secret@127.0.0.1/hook",
        "https://192.168.1.1:22/hook",
        "ftp://127.0.0.1/hook",
        "file:///etc/passwd",
        "https://",
        "https://[::1",
        "https://xn--/",
        "https://a..b/",
        "not an address",
        "http://127.0.0.1:99999/",
        "https://exa mple.com/\n",
        "https://2130706433/",
    ],
)
def test_an_address_that_is_nobodys_public_server_is_refused(at, url):
    body = {"name": "x", "url": url, "event_types": ["video.failed"]}
    if url == "https://2130706433/":  # 127.0.0.1 as one number, a network that is named here
        made = at.ask("POST", "/v1/webhook_endpoints", json=body)
        assert made.status_code in (200, 400)
        if made.status_code == 200:
            at.client.webhooks.delete(made.json()["id"])
        return
    answer = at.ask("POST", "/v1/webhook_endpoints", json=body)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"event_types": ["video.failed"], "url": "http://127.0.0.1:1/"},
        {"name": "", "event_types": ["video.failed"], "url": "http://127.0.0.1:1/"},
        {"name": "x", "event_types": [], "url": "http://127.0.0.1:1/"},
        {"name": "x", "event_types": ["video.exploded"], "url": "http://127.0.0.1:1/"},
        {"name": "x", "event_types": ["video.failed"], "url": "http://127.0.0.1:1/", "colour": "red"},
    ],
)
def test_an_endpoint_that_makes_no_sense_is_refused(at, body):
    assert at.ask("POST", "/v1/webhook_endpoints", json=body).status_code == 400


def test_nobody_sees_or_changes_the_webhooks_of_another_account(at, registered):
    other = command(at.env, "account", "create", "--role", "platform", "--json")["token"]
    path = f"/v1/webhook_endpoints/{registered.id}"
    for method, under in (
        ("GET", ""), ("POST", ""), ("DELETE", ""), ("POST", "/rotate_secret"), ("GET", "/deliveries"),
        ("POST", "/deliveries/replay_dead"), ("POST", "/deliveries/1/replay"),
    ):  # fmt: skip
        given = {} if method == "GET" else {"json": {}}
        assert at.ask(method, path + under, token=other, **given).status_code == 404, (method, under)
    sample = {"event_type": "video.failed"}
    assert at.ask("POST", f"{path}/test", token=other, json=sample).status_code == 404
    assert at.ask("GET", "/v1/webhook_endpoints", token=other).json()["data"] == []


def test_a_closed_account_is_told_nothing(at, receiver, registered):
    receiver.manners.append(500)
    at.refuse_a_video()
    wait_until(lambda: receiver.got)
    command(at.env, "account", "close", "acme")
    try:
        before = len(receiver.got)
        time.sleep(2)
        assert len(receiver.got) - before <= 1  # one may have been under way
    finally:
        command(at.env, "account", "reopen", "acme")
    receiver.wait_for(1)


def test_what_happened_before_a_server_was_killed_is_told_after_it_starts_again(receiver):
    """Killed while a receiver hangs: the delivery was taken and never recorded, and is sent again."""
    with served(ASSAY_WEBHOOK_TIMEOUT="20") as running:
        made = running.client.webhooks.create(name="mine", url=receiver.url, event_types=["video.failed"])
        receiver.manners.append("hang")
        case_id = running.refuse_a_video()
        wait_until(lambda: receiver.got)
        running.process.kill()
        running.process.wait()
        again = start(running.env, running.token)
        try:
            ((headers, body),) = receiver.wait_for(1, seconds=90)
            assert json.loads(body)["data"]["id"] == case_id
            assert headers["webhook-id"] == receiver.got[0][0]["webhook-id"]
            wait_until(lambda: deliveries(again, made)[0]["state"] == "delivered")
        finally:
            stop_server(again.process)


def test_what_cannot_be_delivered_dies_visibly_and_is_sent_again_by_command(receiver):
    with served(ASSAY_WEBHOOK_GIVE_UP_AFTER="1") as running:
        made = running.client.webhooks.create(name="mine", url=receiver.url, event_types=["video.failed"])
        receiver.manners.extend([503] * 20)
        running.refuse_a_video()
        wait_until(lambda: deliveries(running, made, state="dead"))
        (dead,) = deliveries(running, made, state="dead")
        assert (dead["response_status"], dead["error"]) == (503, "it answered 503")
        receiver.manners.clear()
        shown = command(running.env, "webhook", "deliveries", made.id, "--state", "dead", "--json")["deliveries"]
        assert [one["id"] for one in shown] == [dead["id"]]
        assert command(running.env, "webhook", "replay", made.id, "--dead", "--json") == {"queued": 1}
        receiver.wait_for(1)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(30)
        assert time.monotonic() - began < 15


def test_a_webhook_is_registered_tested_followed_and_deleted_on_the_page(at, receiver):
    def send(action, **fields):
        token = form_token(browser.get("/platform?lang=en").text)
        return browser.post(f"/platform/{action}?lang=en", data={"form_token": token, **fields})

    with httpx.Client(base_url=at.url, trust_env=False, timeout=60, headers={"Accept": "text/html"}) as browser:
        login = form_token(browser.get("/login").text)
        assert browser.post("/login", data={"form_token": login, "token": at.token}).status_code == 303
        wrong = send("webhooks", name="mine", url="https://10.0.0.1/", event="video.failed")
        assert wrong.status_code == 400 and "not of a public web server" in wrong.text
        assert 'value="https://10.0.0.1/"' in wrong.text
        made = send("webhooks", name="mine", url=receiver.url, event="video.failed")
        secret = re.search(r'<pre id="secret"[^>]*><code>([^<]+)', made.text)[1]
        (endpoint,) = [one.id for one in at.client.webhooks.list() if one.url == receiver.url]
        assert f"/platform/webhooks/{endpoint}/test" in made.text
        assert "The receiver answered 200." in send(f"webhooks/{endpoint}/test").text
        receiver.manners.append(500)
        case_id = at.refuse_a_video()
        headers, body = receiver.wait_for(2)[1]
        assert Webhook(secret).verify(body, headers)["data"]["id"] == case_id
        wait_until(lambda: "delivered" in browser.get("/platform?lang=en").text)
        page = browser.get("/platform?lang=en").text
        assert case_id in page and "2 attempts" in page and secret not in page
        delivery = re.search(r'name="delivery" value="(\d+)"', page)[1]
        assert send(f"webhooks/{endpoint}/replay", delivery=delivery).status_code == 303
        receiver.wait_for(3)
        receiver.manners.append("drop")
        assert "the receiver was not reached" in send(f"webhooks/{endpoint}/test").text
        assert "whsec_" in send(f"webhooks/{endpoint}/rotate").text
        assert send(f"webhooks/{endpoint}/delete").status_code == 303
        assert endpoint not in browser.get("/platform").text
