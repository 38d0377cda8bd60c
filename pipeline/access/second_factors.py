"""A second factor beside a token: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for its loss.

A code is accepted once, and at most five are tried in a quarter of an hour, whichever server is asked.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import AssayError, Conflict, Forbidden, NotFound, Unavailable
from core.roles import Principal, Role, require_role

STEP_SECONDS = 30
ACCEPTED_DRIFT = 1  # steps before and after the present one: clocks of telephones are half a minute off
MAX_ATTEMPTS = 5
ATTEMPT_WINDOW = timedelta(minutes=15)
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10  # 80 bits, so that the plain SHA-256 of a code tells nothing of it
_NONCE = 12  # bytes, as AES-GCM has it


class WrongCode(Forbidden):
    """This code is not right, or was used already: wait for the next one."""

    def __init__(self) -> None:
        """The message is one line."""
        super().__init__(WrongCode.__doc__ or "")


class TooManyCodes(AssayError):
    """Too many codes were tried for this account: wait a quarter of an hour."""

    def __init__(self) -> None:
        """The message is one line."""
        super().__init__(TooManyCodes.__doc__ or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What is stored of an account's authenticator. Until it is `confirmed` by a code it is not asked for."""

    account: str
    secret: bytes = field(repr=False)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    confirmed: datetime | None = None
    last_step: int = 0


class SecondFactorStore(Protocol):
    """Where second factors are kept. What counts or uses up does so once, however many processes ask at a time."""

    def get(self, account: str) -> SecondFactor | None:
        """The authenticator of this account, confirmed or not."""

    def begin(self, factor: SecondFactor) -> bool:
        """Keep one that is not confirmed yet. False, and nothing changes, where the account has a confirmed one."""

    def confirm(self, account: str, step: int, digests: Collection[str]) -> bool:
        """It is asked for from now on, with these recovery codes. False where there was none to confirm."""

    def accept_step(self, account: str, step: int) -> bool:
        """Whether no code of this step or a later one was accepted before; none of it is accepted again."""

    def use_recovery_code(self, account: str, digest: str) -> bool:
        """Whether there was this code; there is no more."""

    def replace_recovery_codes(self, account: str, digests: Collection[str]) -> None:
        """Forget the codes that there were, and keep these."""

    def recovery_codes_left(self, account: str) -> int:
        """How many there are."""

    def count_attempt(self, account: str, window: timedelta) -> int:
        """Count a code that is tried; how many that makes in this window."""

    def clear_attempts(self, account: str) -> None:
        """The right code was given."""

    def remove(self, account: str) -> None:
        """Forget the authenticator and its codes."""


class SecretKeys(Protocol):
    """Keys that encrypt secrets, each by its name."""

    def make(self, name: str) -> bytes:
        """The key of this name, created if there is none."""

    def get(self, name: str) -> bytes:
        """The key. Raises NotFound where it was destroyed."""

    def destroy(self, name: str) -> None:
        """Delete the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorSecret:
    """What an authenticator app is given: as text, as an address, and as a QR code in SVG."""

    text: str = field(repr=False)
    address: str = field(repr=False)
    svg: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorService:
    """Authenticators of accounts. Whoever calls has made sure that the account is the caller's own."""

    store: SecondFactorStore
    keys: SecretKeys = field(repr=False)
    issuer: str = "Assay"
    clock: Callable[[], float] = time.time

    def is_enrolled(self, account: str) -> bool:
        """Whether a code is asked for when this account signs in."""
        factor = self.store.get(account)
        return factor is not None and factor.confirmed is not None

    def begin(self, account: str) -> AuthenticatorSecret:
        """A new secret for an app, which counts once a code of it was given. Raises Conflict where there is one."""
        secret = pyotp.random_base32()
        if not self.store.begin(SecondFactor(account=account, secret=self._encrypt(account, secret))):
            raise Conflict("this account has an authenticator already: remove it first")
        return self._shown(account, secret)

    def begun(self, account: str) -> AuthenticatorSecret:
        """The secret that was begun and not confirmed; a new one where there is none. Raises Conflict, see `begin`."""
        factor = self.store.get(account)
        if factor is None:
            return self.begin(account)
        if factor.confirmed is not None:
            raise Conflict("this account has an authenticator already: remove it first")
        return self._shown(account, self._decrypt(factor))

    def confirm(self, account: str, code: str) -> tuple[str, ...]:
        """From now on codes of the app that was begun are asked for. The recovery codes, which are shown once.

        Raises WrongCode, TooManyCodes, NotFound where none was begun.
        """
        factor = self.store.get(account)
        if factor is None or factor.confirmed is not None:
            raise NotFound("no authenticator was begun for this account")
        self._count(account)
        step = self._step_of(factor, code)
        codes = _new_recovery_codes()
        if step is None:
            raise WrongCode
        if not self.store.confirm(account, step, [_digest(account, one) for one in codes]):
            raise NotFound("no authenticator was begun for this account")
        self.store.clear_attempts(account)
        return codes

    def check(self, account: str, code: str) -> None:
        """Use up a code of the app, or a recovery code. Raises WrongCode, TooManyCodes."""
        factor = self.store.get(account)
        if factor is None or factor.confirmed is None:
            raise WrongCode
        self._count(account)
        step = self._step_of(factor, code)
        accepted = step is not None and self.store.accept_step(account, step)
        if not accepted and not self.store.use_recovery_code(account, _digest(account, code)):
            raise WrongCode
        self.store.clear_attempts(account)

    def new_recovery_codes(self, account: str, code: str) -> tuple[str, ...]:
        """Recovery codes in place of the former ones, for a right code. Raises WrongCode, TooManyCodes."""
        self.check(account, code)
        codes = _new_recovery_codes()
        self.store.replace_recovery_codes(account, [_digest(account, one) for one in codes])
        return codes

    def remove(self, account: str, code: str) -> None:
        """Ask for no codes any more, for a right code. Raises WrongCode, TooManyCodes."""
        self.check(account, code)
        self._forget(account)

    def reset(self, who: Principal, account: str) -> bool:
        """For somebody who lost both app and recovery codes: an operator has made sure of who asks.

        False where there was nothing to reset. Raises Forbidden.
        """
        require_role(who, Role.OPERATOR)
        had = self.store.get(account) is not None
        self._forget(account)
        return had

    def recovery_codes_left(self, account: str) -> int:
        """How many recovery codes were not used yet."""
        return self.store.recovery_codes_left(account)

    # -- private

    def _count(self, account: str) -> None:
        """Before a code is looked at, so that many at a time are no way round."""
        if self.store.count_attempt(account, ATTEMPT_WINDOW) > MAX_ATTEMPTS:
            raise TooManyCodes

    def _step_of(self, factor: SecondFactor, code: str) -> int | None:
        given = "".join(code.split())
        if len(given) != 6 or not (given.isascii() and given.isdigit()):
            return None
        totp, now = pyotp.TOTP(self._decrypt(factor)), int(self.clock()) // STEP_SECONDS
        fitting = [
            step
            for step in range(now - ACCEPTED_DRIFT, now + ACCEPTED_DRIFT + 1)
            if secrets.compare_digest(totp.generate_otp(step), given)
        ]
        return max(fitting, default=None)

    def _shown(self, account: str, secret: str) -> AuthenticatorSecret:
        address = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=self.issuer)
        svg = segno.make(address, micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff")
        return AuthenticatorSecret(text=secret, address=address, svg=svg)

    def _forget(self, account: str) -> None:
        self.store.remove(account)
        self.keys.destroy(_key_name(account))

    def _encrypt(self, account: str, secret: str) -> bytes:
        nonce = os.urandom(_NONCE)
        key = self.keys.make(_key_name(account))
        return nonce + AESGCM(key).encrypt(nonce, secret.encode(), account.encode())

    def _decrypt(self, factor: SecondFactor) -> str:
        key, nonce, sealed = self.keys.get(_key_name(factor.account)), factor.secret[:_NONCE], factor.secret[_NONCE:]
        try:
            return AESGCM(key).decrypt(nonce, sealed, factor.account.encode()).decode()
        except InvalidTag:
            raise Unavailable(
                "an authenticator's secret cannot be decrypted: are these the installation's keys?"
            ) from None


def without_second_factor(who: Principal, required: frozenset[Role]) -> Principal:
    """The same account with no role for which a second factor is required: what a token alone opens."""
    if not required or not who.has(*required):
        return who
    kept = replace(who, roles=who.roles - required)
    return replace(kept, roles=kept.roles - {Role.OPERATOR}) if kept.has(*required) else kept


def _key_name(account: str) -> str:
    return f"second-factor.{hashlib.sha256(account.encode()).hexdigest()[:32]}"


def _new_recovery_codes() -> tuple[str, ...]:
    def one() -> str:
        text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
        return "-".join(text[at : at + 4] for at in range(0, len(text), 4))

    return tuple(one() for _ in range(RECOVERY_CODES))


def _digest(account: str, code: str) -> str:
    plain = "".join(code.split()).replace("-", "").lower()
    return hashlib.sha256(f"{account}\n{plain}".encode()).hexdigest()
