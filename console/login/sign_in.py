"""What every way of signing in has in common: limits on attempts, and the second factor before a session begins."""

from __future__ import annotations

from fastapi import Request

from console.web.context import RequestContext, client_address
from pipeline.accounts import AccountKey, admit, token_digest


def key_of_token(request: Request, context: RequestContext, token: str) -> AccountKey | None:
    """The key that this token is; None, and counted, for one that lets nobody in. Raises TooMany."""
    context.failed_logins.check(client_address(request))
    accounts = context.installation.accounts
    if found := accounts.by_digest(token_digest(token.strip())):
        context.account_logins.consume(found[0].id)
        if admit(accounts, *found) is not None:
            return found[1]
    context.failed_logins.record_failure(client_address(request))
    return None


def needs_second_factor(context: RequestContext, key: AccountKey) -> bool:
    """Whether a code has to follow: the account has an authenticator, or its roles require one."""
    if context.installation.second_factors.is_enrolled(key.account):
        return True
    found = context.installation.accounts.by_key_id(key.id)
    person = admit(context.installation.accounts, *found) if found else None
    return person is None or context.sessions.needs_second_factor(person)
