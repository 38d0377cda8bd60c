"""When a delivery is tried again, where nothing is sent, and what signs it."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest
from standardwebhooks import Webhook

from core.errors import BadInput
from pipeline.webhooks.endpoints import DeliveryState, WebhookDelivery, WebhookEndpoint, new_secret, secret_hint
from pipeline.webhooks.networks import parse_networks
from pipeline.webhooks.signing import sign_message
from pipeline.webhooks.webhook_client import WebhookClient
from pipeline.webhooks.webhook_sender import RetrySchedule

NOW = datetime.now(UTC)


def delivery(attempts, queued=NOW):
    return WebhookDelivery(
        id=1, endpoint="whe_1", event_id="evt_1", event_type="video.failed", case_id="c", happened=queued,
        state=DeliveryState.PENDING, queued=queued, next_attempt=queued, attempts=attempts,
    )  # fmt: skip


def test_attempts_grow_apart_and_end_after_a_day():
    now, times = NOW, []
    for attempt in range(1, 100):
        again = RetrySchedule().next_attempt(delivery(attempt), now, retry_after=None)
        if again is None:
            break
        times.append((again - now).total_seconds())
        now = again
    assert times[:4] == [5, 15, 45, 135] and max(times) == 6 * 3600 and len(times) == 11
    assert timedelta(hours=15) < now - NOW <= timedelta(days=1)


def test_a_receiver_that_says_when_is_heeded_within_reason():
    schedule = RetrySchedule()
    assert schedule.next_attempt(delivery(1), NOW, retry_after=120) == NOW + timedelta(seconds=120)
    assert schedule.next_attempt(delivery(1), NOW, retry_after=10**8) == NOW + timedelta(hours=6)
    assert schedule.next_attempt(delivery(4), NOW, retry_after=1) == NOW + timedelta(seconds=135)


def client(*addresses, networks=""):
    return WebhookClient(resolve=lambda _host, _port: addresses, networks=parse_networks(networks))


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "100.64.0.1"])
def test_nothing_is_sent_to_a_machine_that_is_not_public(address):
    with pytest.raises(BadInput):
        client(address).check("https://hooks.example/")
    with pytest.raises(BadInput):
        client("93.184.216.34", address).check("https://hooks.example/")


def test_a_public_machine_is_sent_to_by_https_and_by_the_number_that_was_checked():
    pinned = client("93.184.216.34").check("https://hooks.example/a?b=c#d")
    assert (str(pinned.url), pinned.headers) == ("https://93.184.216.34/a?b=c", {"Host": "hooks.example"})
    assert pinned.extensions == {"sni_hostname": "hooks.example"}
    for url in ("http://hooks.example/", "https://hooks.example:22/", "https://a:b@hooks.example/"):
        with pytest.raises(BadInput):
            client("93.184.216.34").check(url)


def test_a_network_that_the_operator_names_is_sent_to_by_http_and_no_other():
    inside = client("10.1.2.3", networks="10.1.0.0/16, fd00::/8")
    assert inside.check("http://hooks.internal:9000/").url.port == 9000
    with pytest.raises(BadInput):
        client("10.2.0.1", networks="10.1.0.0/16").check("https://hooks.internal/")
    with pytest.raises(BadInput):
        client("10.1.2.3", "10.2.0.1", networks="10.1.0.0/16").check("https://hooks.internal/")
    with pytest.raises(ValueError, match="does not appear"):
        parse_networks("ten")


def test_a_name_that_leads_elsewhere_by_the_time_of_the_delivery_is_not_followed():
    answers = iter([("93.184.216.34",), ("127.0.0.1",)])
    rebinding = WebhookClient(resolve=lambda _host, _port: next(answers))
    rebinding.check("https://hooks.example/")
    message = sign_message(
        event_id="evt_1", event_type="video.failed", case_id="c", happened=NOW, secrets=[new_secret()], now=NOW
    )
    result = anyio.run(rebinding.post, "https://hooks.example/", message)
    assert (result.status, result.ok, result.error) == (None, False, "this address is not of a public web server")


def test_a_resolver_that_hangs_ends_with_the_timeout():
    import time

    slow = WebhookClient(resolve=lambda _host, _port: time.sleep(1.0) or (), timeout=0.2)
    message = sign_message(
        event_id="evt_1", event_type="video.failed", case_id="c", happened=NOW, secrets=[new_secret()], now=NOW
    )
    assert anyio.run(slow.post, "https://hooks.example/", message).error == "no answer within 0.2 s"


def test_a_message_is_signed_with_each_secret_and_by_the_letter_of_the_specification():
    secrets = [new_secret(), new_secret()]
    message = sign_message(
        event_id="evt_1", event_type="video.completed", case_id="c", happened=NOW, secrets=secrets, now=NOW
    )
    assert message.headers["webhook-signature"].count("v1,") == 2
    for secret in secrets:
        assert Webhook(secret).verify(message.body, message.headers)["data"]["status"] == "completed"


def test_a_former_secret_signs_until_its_time_is_over():
    made = WebhookEndpoint(
        id="whe_1", account="ana", name="n", url="u", event_types=(), secret="new", created=NOW, updated=NOW,
        former_secret="old", former_until=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert made.signing_secrets(NOW) == ("new", "old")
    assert made.signing_secrets(NOW + timedelta(hours=1)) == ("new",)
    assert secret_hint("whsec_abcdefgh=") == "whsec_…efgh"
