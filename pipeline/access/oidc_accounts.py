"""Accounts of people who sign in with an OpenID provider: one for each subject of an issuer, with its groups' roles.

An e-mail address never leads to an account: whoever gets an address that somebody else had gets no account with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from core.roles import Role
from pipeline.access.oidc_client import OidcClient, OidcIdentity, OidcRefused
from pipeline.accounts import Account, AccountKey, Accounts, KeyKind, admit, new_account_id, new_key


class IdentityStore(Protocol):
    """Which key an identity opens."""

    def key_of(self, issuer: str, subject: str) -> str | None:
        """The id of the key."""

    def add(self, issuer: str, subject: str, key: str) -> bool:
        """Keep it. False, and nothing changes, where this identity has a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcService:
    """Sign-in with an OpenID provider; `client` is None where there is none."""

    accounts: Accounts
    store: IdentityStore
    client: OidcClient | None

    @property
    def offered(self) -> bool:
        """Whether this installation has an OpenID provider."""
        return self.client is not None

    def sign_in(self, identity: OidcIdentity) -> AccountKey:
        """The key of this identity; its account is made at the first time, and has the roles of its groups each time.

        Raises OidcRefused where none of its groups has a role, where the key was revoked, or the account closed.
        """
        roles = self._roles(identity)
        known = self._known(identity)
        if not roles:
            if known is not None:  # sessions that it has lose its roles with this
                self.accounts.save(replace(known[0], roles=frozenset()))
            raise OidcRefused("none of your groups may sign in here: ask whoever runs this installation")
        account, key = known or self._make(identity, roles)
        if account.roles != roles:
            account = replace(account, roles=roles)
            self.accounts.save(account)
        if admit(self.accounts, account, key) is None:
            raise OidcRefused("this account is closed here: ask whoever runs this installation")
        return key

    # -- private

    def _roles(self, identity: OidcIdentity) -> frozenset[Role]:
        mapped: Mapping[str, Role] = self.client.settings.roles if self.client else {}
        return frozenset(mapped[group] for group in identity.groups if group in mapped)

    def _known(self, identity: OidcIdentity) -> tuple[Account, AccountKey] | None:
        key = self.store.key_of(identity.issuer, identity.subject)
        return self.accounts.by_key_id(key) if key else None

    def _make(self, identity: OidcIdentity, roles: frozenset[Role]) -> tuple[Account, AccountKey]:
        account = Account(id=new_account_id(), roles=roles)
        name = f"sign-in at {urlsplit(identity.issuer).hostname}"
        key, _ = new_key(account.id, name[:80], kind=KeyKind.OIDC)
        self.accounts.save(account)
        self.accounts.save_key(key)
        if not self.store.add(identity.issuer, identity.subject, key.id):  # the same person, at the same moment
            self.accounts.save(replace(account, closed=True))
            if (first := self._known(identity)) is None:
                raise OidcRefused
            return first
        return account, key
