"""Who may do what here: roles that one account holds together, and whether there is somebody to rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.roles import Role
from pipeline.accounts import Account


def check_roles(accounts: Iterable[Account], *, one_person: bool) -> Iterator[tuple[str, str]]:
    """(state, sentence) for the doctor; closed accounts are left out."""
    opened = [account for account in accounts if not account.closed]
    counts = {role: sum(role in account.roles for account in opened) for role in Role}
    yield "ok", "accounts: " + ", ".join(f"{count} with the role {role}" for role, count in counts.items())
    for account in opened:
        if account.roles >= {Role.OPERATOR, Role.MODERATOR}:
            yield "lacks", f"account {account.id} is operator and moderator: nobody looks at what it does"
    moderators = counts[Role.MODERATOR]
    if one_person and moderators > 1:
        yield "lacks", f"one_person is set, and {moderators} accounts moderate: each may rule on its own cases"
    elif one_person:
        yield "lacks", "one_person is set: whoever orders a video may rule on it"
    elif not moderators:
        yield "lacks", "no account moderates: what is held waits for whoever types commands here"
    elif moderators == 1:
        yield "lacks", "one account moderates: appeals against its rulings wait for another one (or set one_person)"
