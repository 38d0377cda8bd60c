"""Counting by address: enough tries for a person, too few for a machine."""

import pytest

from console.web.http_errors import TooMany
from console.web.rate_limits import ConcurrencyLimiter, FailureLimiter, RateLimiter, client_network, client_range


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_address_that_fails_too_often_waits_and_others_do_not():
    throttle = FailureLimiter(max_failures=3)
    for _ in range(3):
        throttle.check("192.0.2.1")
        throttle.record_failure("192.0.2.1")
    with pytest.raises(TooMany):
        throttle.check("192.0.2.1")
    throttle.check("192.0.2.2")


def test_after_the_window_it_may_try_again():
    clock = Clock()
    throttle = FailureLimiter(max_failures=1, window=60, clock=clock)
    throttle.record_failure("192.0.2.1")
    clock.now = 59
    with pytest.raises(TooMany):
        throttle.check("192.0.2.1")
    clock.now = 61
    throttle.check("192.0.2.1")


def test_no_more_addresses_are_remembered_than_said():
    throttle = FailureLimiter(max_failures=1, max_addresses=2)
    for last in range(5):
        throttle.record_failure(f"192.0.2.{last}")
    throttle.check("192.0.2.0")  # forgotten
    with pytest.raises(TooMany):
        throttle.check("192.0.2.4")


def test_requests_are_counted_by_their_cost_until_the_window_ends():
    clock = Clock()
    pace = RateLimiter(max_requests=3, window=60, clock=clock)
    pace.consume("192.0.2.1", cost=3)
    with pytest.raises(TooMany):
        pace.consume("192.0.2.1")
    pace.consume("192.0.2.2")
    clock.now = 60
    pace.consume("192.0.2.1")


def test_a_flood_of_addresses_does_not_push_out_one_that_goes_on_asking():
    pace = RateLimiter(max_requests=100, max_addresses=10)
    for last in range(100):
        pace.consume("192.0.2.200")
        pace.consume(f"192.0.2.{last}")
    with pytest.raises(TooMany):
        pace.consume("192.0.2.200")


def test_a_household_with_many_ipv6_addresses_counts_once():
    assert client_network("2001:db8:1:2:3::4") == client_network("2001:db8:1:2:ffff::1")
    assert client_network("2001:db8:1:3::1") != client_network("2001:db8:1:2::1")
    assert client_network("not an address") == "not an address"


def test_seats_are_bounded_in_all_and_for_each_address_and_given_back():
    seats = ConcurrencyLimiter(total=2, per_address=1)
    with seats.slot("a"):
        with pytest.raises(TooMany), seats.slot("a"):
            pass
        with seats.slot("b"), pytest.raises(TooMany), seats.slot("c"):
            pass
    with seats.slot("a"), seats.slot("b"):
        pass


def test_a_range_of_addresses_has_a_limit_of_its_own():
    seats = ConcurrencyLimiter(total=16, per_address=4, per_range=2)
    with seats.slot("192.0.2.1"), seats.slot("192.0.2.2"):
        with pytest.raises(TooMany), seats.slot("192.0.2.3"):
            pass
        with seats.slot("198.51.100.1"), seats.slot("2001:db8:1:1::1"), seats.slot("2001:db8:1:2::1"):
            with pytest.raises(TooMany), seats.slot("2001:db8:1:3::1"):
                pass
            with seats.slot("2001:db8:2:1::1"):
                pass


def test_a_range_that_asks_or_fails_too_often_waits_and_others_do_not():
    pace, failures = RateLimiter(max_requests=2), FailureLimiter(max_failures=2)
    for last in range(1, 17):
        pace.consume(f"192.0.2.{last}")
        failures.record_failure(f"192.0.2.{last}")
    with pytest.raises(TooMany):
        pace.consume("192.0.2.200")
    with pytest.raises(TooMany):
        failures.check("192.0.2.200")
    pace.consume("192.0.3.1")
    failures.check("192.0.3.1")


def test_an_ipv4_address_in_ipv6_clothes_is_the_same():
    assert client_network("::ffff:192.0.2.1") == client_network("192.0.2.1") == "192.0.2.1"
    assert client_range("::ffff:192.0.2.1") == client_range("192.0.2.99") == "192.0.2.0/24"
    assert client_range(client_network("2001:db8:1:2::1")) == client_range("2001:db8:1:9::1") == "2001:db8:1::/48"
