"""One suite for every keeper of second factors. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pyotp
import pytest

from core.errors import Conflict, Forbidden, NotFound, Unavailable
from core.roles import Principal, Role
from pipeline.access.postgres_second_factors import PostgresSecondFactors
from pipeline.access.second_factors import (
    MAX_ATTEMPTS,
    RECOVERY_CODES,
    SecondFactorService,
    TooManyCodes,
    WrongCode,
    without_second_factor,
)
from pipeline.accounts import Account
from pipeline.at_rest.key_store import KeyStore
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.testing.memory_second_factors import MemorySecondFactors

OPERATOR = Principal(id="local:op", roles=frozenset({Role.OPERATOR}))


@dataclass
class Clock:
    now: float = field(default=1_800_000_000.0)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def service(request, tmp_path, clock):
    keys = KeyStore(str(tmp_path / "vault"), tmp_path / "keys")
    if request.param == "memory":
        return SecondFactorService(store=MemorySecondFactors(), keys=keys, clock=clock)
    database = request.getfixturevalue("database")
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE accounts CASCADE")
    for name in ("ana", "ben"):
        PostgresAccounts(database).save(Account(id=name, roles=frozenset()))
    return SecondFactorService(store=PostgresSecondFactors(database), keys=keys, clock=clock)


def enrolled(service, clock, account="ana"):
    secret = service.begin(account)
    app = pyotp.TOTP(secret.text)
    return app, service.confirm(account, app.at(clock.now))


def test_a_code_is_asked_for_only_after_one_was_given(service, clock):
    secret = service.begin("ana")
    assert secret.address.startswith("otpauth://totp/Assay:ana?secret=") and secret.svg.startswith("<svg")
    assert not service.is_enrolled("ana") and service.begun("ana").text == secret.text
    with pytest.raises(WrongCode):
        service.confirm("ana", "000000")
    assert not service.is_enrolled("ana")
    codes = service.confirm("ana", pyotp.TOTP(secret.text).at(clock.now))
    assert service.is_enrolled("ana") and len({*codes}) == RECOVERY_CODES == service.recovery_codes_left("ana")
    for again in (service.begin, service.begun):
        with pytest.raises(Conflict):
            again("ana")
    with pytest.raises(NotFound):
        service.confirm("ben", "123456")


def test_a_code_counts_once_and_none_before_it_counts_later(service, clock):
    app, _ = enrolled(service, clock)
    with pytest.raises(WrongCode):  # it was used to confirm
        service.check("ana", app.at(clock.now))
    clock.now += 60
    earlier = app.at(clock.now - 30)
    service.check("ana", f" {app.at(clock.now)[:3]} {app.at(clock.now)[3:]} ")
    for used in (app.at(clock.now), earlier):
        with pytest.raises(WrongCode):
            service.check("ana", used)
    clock.now += 90
    service.check("ana", app.at(clock.now - 30))  # a clock half a minute off
    for off in (-90, 90):
        with pytest.raises(WrongCode):
            service.check("ana", app.at(clock.now + off))


def test_of_many_who_give_one_code_at_a_time_one_gets_in(service, clock):
    app, _ = enrolled(service, clock)
    clock.now += 60

    def attempt(_number):
        try:
            service.check("ana", app.at(clock.now))
        except (WrongCode, TooManyCodes):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_a_recovery_code_opens_once_and_only_its_account(service, clock):
    _, codes = enrolled(service, clock)
    other, _ = enrolled(service, clock, "ben")
    with pytest.raises(WrongCode):
        service.check("ben", codes[0])
    service.check("ana", codes[0].upper().replace("-", " "))
    with pytest.raises(WrongCode):
        service.check("ana", codes[0])
    assert service.recovery_codes_left("ana") == RECOVERY_CODES - 1
    clock.now += 60
    fresh = service.new_recovery_codes("ben", other.at(clock.now))
    assert service.recovery_codes_left("ben") == RECOVERY_CODES and len(fresh) == RECOVERY_CODES


def test_after_five_wrong_codes_the_right_one_waits_too(service, clock):
    app, codes = enrolled(service, clock)
    clock.now += 60
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(WrongCode):
            service.check("ana", "000000")
    for right in (app.at(clock.now), codes[0]):
        with pytest.raises(TooManyCodes):
            service.check("ana", right)


def test_what_is_stored_gives_no_codes_without_the_keys(service, clock, tmp_path):
    app, _ = enrolled(service, clock)
    assert app.secret.encode() not in service.store.get("ana").secret
    for file in (tmp_path / "keys").iterdir():
        file.unlink()
    clock.now += 60
    with pytest.raises(Unavailable):
        service.check("ana", app.at(clock.now))


def test_it_is_removed_with_a_code_and_reset_by_an_operator(service, clock):
    app, codes = enrolled(service, clock)
    with pytest.raises(WrongCode):
        service.remove("ana", "nothing")
    service.remove("ana", codes[0])
    assert not service.is_enrolled("ana") and service.recovery_codes_left("ana") == 0
    enrolled(service, clock)
    with pytest.raises(Forbidden):
        service.reset(Principal(id="ana"), "ana")
    assert service.reset(OPERATOR, "ana") and not service.reset(OPERATOR, "ana")
    assert not service.is_enrolled("ana")
    with pytest.raises(WrongCode):
        service.check("ana", app.at(clock.now))


def test_a_token_alone_opens_no_role_that_needs_a_second_factor():
    both = Principal(id="ana", roles=frozenset({Role.PLATFORM, Role.MODERATOR}))
    assert without_second_factor(both, frozenset()) == both
    assert without_second_factor(both, frozenset({Role.MODERATOR})).roles == {Role.PLATFORM}
    left = without_second_factor(OPERATOR, frozenset({Role.MODERATOR, Role.OPERATOR}))
    assert not left.has(Role.MODERATOR) and not left.has(Role.OPERATOR)
