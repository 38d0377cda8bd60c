"""Passkeys (WebAuthn): an authenticator signs a challenge for this site, and for no other that looks like it.

A passkey is a key of an account that nobody has a token of. The origin is that of the settings: what a browser says of
the address it used is compared with it, and no header is believed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from core.errors import BadInput, Forbidden
from core.roles import STAFF_ROLES, Principal
from pipeline.access.account_service import AccountService
from pipeline.accounts import AccountKey, KeyKind, admit

if TYPE_CHECKING:
    from webauthn.helpers.structs import UserVerificationRequirement

log = logging.getLogger("assay.passkeys")

CHALLENGE_LIFETIME = timedelta(minutes=5)
_MAX_RESPONSE = 20_000  # characters; an answer without attestation has some 1,500


class PasskeyRefused(Forbidden):
    """This passkey is not known here, or its answer does not hold: try again, or sign in with a token."""

    def __init__(self, message: str = "") -> None:
        """The message is one line."""
        super().__init__(message or PasskeyRefused.__doc__ or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """What is stored of a passkey: the id of its key, and what the authenticator gave of itself."""

    key: str
    credential: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyChallenge:
    """What a browser is asked: the options for its API as JSON, and the challenge in them."""

    options: str
    challenge: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeySignIn:
    """Whose passkey answered, and whether the authenticator checked who used it (fingerprint, face, PIN)."""

    key: AccountKey
    user_verified: bool


class PasskeyStore(Protocol):
    """Where passkeys are kept."""

    def add(self, passkey: Passkey) -> bool:
        """Keep one. False where its credential is known already."""

    def by_credential(self, credential: bytes) -> Passkey | None:
        """The passkey with this credential id."""

    def of_key(self, key: str) -> Passkey | None:
        """The passkey of this key."""

    def count(self, key: str, before: int, now: int) -> bool:
        """Keep its new sign count. False, and nothing changes, where another answer was counted meanwhile."""

    def remove(self, key: str) -> None:
        """Forget it."""

    def use_challenge(self, digest: str, until: datetime) -> bool:
        """Whether this challenge had not been answered yet; it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyService:
    """Passkeys of accounts. `origin` is `https://host[:port]` of the pages; empty where no passkeys are offered."""

    service: AccountService
    store: PasskeyStore
    origin: str
    name: str = "Assay"

    @property
    def offered(self) -> bool:
        """Whether this installation knows under which address its pages are opened."""
        return bool(self.origin)

    def registration(self, who: Principal) -> PasskeyChallenge:
        """What the browser of `who` is asked when a passkey is added. Raises BadInput where none are offered."""
        import webauthn
        from webauthn.helpers import structs

        known = [self.store.of_key(key.id) for key in self.passkeys(who)]
        options = webauthn.generate_registration_options(
            rp_id=self._host(),
            rp_name=self.name,
            user_id=hashlib.sha256(f"assay.account\n{who.id}".encode()).digest(),
            user_name=who.id,
            attestation=structs.AttestationConveyancePreference.NONE,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=_verification(required=bool(who.roles & STAFF_ROLES)),
            ),
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one.credential) for one in known if one],
        )
        return PasskeyChallenge(options=webauthn.options_to_json(options), challenge=options.challenge)

    def register(self, who: Principal, name: str, challenge: bytes, answer: str) -> AccountKey:
        """Add the passkey that answered. Raises PasskeyRefused, BadInput, Conflict for a name that a key has."""
        import webauthn
        from webauthn.helpers.exceptions import WebAuthnException

        parsed = self._answer(challenge, answer)
        try:
            verified = webauthn.verify_registration_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self._host(),
                expected_origin=self.origin,
                require_user_verification=bool(who.roles & STAFF_ROLES),
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            log.warning("a passkey of account %s was not registered: %s", who.id, type(error).__name__)
            raise PasskeyRefused from None
        if self.store.by_credential(verified.credential_id) is not None:
            raise PasskeyRefused
        key = self.service.add_login_key(who, name, KeyKind.PASSKEY)
        kept = Passkey(
            key=key.id,
            credential=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
        )
        if not self.store.add(kept):
            self.service.revoke_key(who, key.id)
            raise PasskeyRefused
        return key

    def sign_in_challenge(self) -> PasskeyChallenge:
        """What a browser is asked when somebody signs in. Raises BadInput where no passkeys are offered."""
        import webauthn

        options = webauthn.generate_authentication_options(
            rp_id=self._host(), user_verification=_verification(required=False)
        )
        return PasskeyChallenge(options=webauthn.options_to_json(options), challenge=options.challenge)

    def sign_in(self, challenge: bytes, answer: str) -> PasskeySignIn:
        """Whose passkey answered. Raises PasskeyRefused.

        1. The challenge was not answered before. 2. The credential is known, and its key lets somebody in. 3. Origin,
        site, signature and sign count hold. 4. For a moderator or an operator the authenticator has checked who used
        it. 5. No other answer was counted meanwhile.
        """
        import webauthn
        from webauthn.helpers.exceptions import WebAuthnException

        parsed = self._answer(challenge, answer)  # 1
        known = self.store.by_credential(_credential_id(parsed))
        found = self.service.accounts.by_key_id(known.key) if known else None
        person = admit(self.service.accounts, *found) if found else None
        if known is None or found is None or person is None:  # 2
            raise PasskeyRefused
        try:
            verified = webauthn.verify_authentication_response(  # 3
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self._host(),
                expected_origin=self.origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=known.sign_count,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            log.warning("an answer of the passkey %s was refused: %s", known.key, error)
            raise PasskeyRefused from None
        if person.roles & STAFF_ROLES and not verified.user_verified:  # 4
            raise PasskeyRefused("this account needs a passkey that checks who uses it, by fingerprint, face or PIN")
        if not self.store.count(known.key, known.sign_count, verified.new_sign_count):  # 5
            raise PasskeyRefused
        return PasskeySignIn(key=found[1], user_verified=verified.user_verified)

    def passkeys(self, who: Principal) -> list[AccountKey]:
        """The account's own passkeys that work, the oldest first."""
        now = datetime.now(UTC)
        return [key for key in self.service.keys(who) if key.kind is KeyKind.PASSKEY and key.works(now)]

    def remove(self, who: Principal, key_id: str) -> None:
        """End a passkey, with all sessions that it began. Raises NotFound."""
        self.service.revoke_key(who, key_id)
        self.store.remove(key_id)

    # -- private

    def _host(self) -> str:
        if not self.origin:
            raise BadInput("passkeys are not offered here: whoever runs this installation sets web_address first")
        return urlsplit(self.origin).hostname or ""

    def _answer(self, challenge: bytes, answer: str) -> dict[str, Any]:
        """The browser's answer, to a challenge that had none before."""
        digest = hashlib.sha256(challenge).hexdigest()
        if not self.store.use_challenge(digest, datetime.now(UTC) + CHALLENGE_LIFETIME):
            raise PasskeyRefused
        try:
            parsed = json.loads(answer[: _MAX_RESPONSE + 1]) if len(answer) <= _MAX_RESPONSE else None
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict) or not isinstance(parsed.get("id"), str):
            raise PasskeyRefused
        return parsed


def _credential_id(parsed: dict[str, Any]) -> bytes:
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(parsed["id"])
    except ValueError:
        raise PasskeyRefused from None


def _verification(*, required: bool) -> UserVerificationRequirement:
    from webauthn.helpers.structs import UserVerificationRequirement

    return UserVerificationRequirement.REQUIRED if required else UserVerificationRequirement.PREFERRED
