"""account: who may use the API and the console, and with which keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from core.errors import BadInput, Conflict
from core.roles import ALL_SCOPES, NO_LIMITS, Role, Scope, UsageLimits
from pipeline.access.account_service import AccountService
from pipeline.access.key_lifetimes import ends_soon
from pipeline.accounts import Account, AccountKey, create_account
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.cli.portal.end_user_commands import add_end_user_commands

account = typer.Typer(no_args_is_help=True, help="Who may use the API and the console.")
account_key = typer.Typer(no_args_is_help=True, help="The keys of an account.")
account.add_typer(account_key, name="key")

RoleOption = Annotated[list[Role], typer.Option(help="What the account may do; may be given more than once.")]
IdOption = Annotated[str, typer.Option("--id", help="An opaque id; made up where none is given.")]
AccountArgument = Annotated[str, typer.Argument(help="The account's id.")]
KeyArgument = Annotated[str, typer.Argument(help="The key's id, as `assay account key list` shows it.")]
RequestsOption = Annotated[int | None, typer.Option(help="Requests a minute; 0: no limit.", min=0)]
VideosOption = Annotated[int | None, typer.Option(help="Videos a day; 0: no limit.", min=0)]
SecondsOption = Annotated[int | None, typer.Option(help="Seconds of video a month; 0: no limit.", min=0)]


_ACCOUNT_ID = re.compile(r"[A-Za-z0-9._:@-]{1,100}")


@account.command("create")
def account_create(role: RoleOption, account_id: IdOption = "", as_json: JsonOption = False) -> None:
    """Open an account with its first key. The token is shown once."""
    if account_id and not _ACCOUNT_ID.fullmatch(account_id):
        raise BadInput("an account's id is of letters, digits, and . _ - : @, 100 at the most")
    with open_installation() as at:
        if account_id and at.accounts.get(account_id):
            raise Conflict(
                f"there is an account {account_id} already: give it another key with `assay account key create`"
            )
        person, token = create_account(at.accounts, role, account_id=account_id, lifetimes=at.settings.key_lifetimes)
    _show_new_account(person.id, sorted(person.roles), token, as_json)


@account.command("add")
def account_add(role: RoleOption, account_id: IdOption = "", as_json: JsonOption = False) -> None:
    """Open an account, or give a known one these roles and a new first token. The token is shown once."""
    with open_installation() as at:
        person, token = create_account(at.accounts, role, account_id=account_id, lifetimes=at.settings.key_lifetimes)
    _show_new_account(person.id, sorted(person.roles), token, as_json)


@account.command("list")
def account_list(as_json: JsonOption = False) -> None:
    """Every account, with its roles and how many of its keys work."""
    with _accounts() as service:
        listed = [
            (one, service.keys(local_operator(), account=one.id)) for one in service.all_accounts(local_operator())
        ]
    if as_json:
        print_json({"accounts": [_account_record(one, keys) for one, keys in listed]})
        return
    table = Table(Column("account", no_wrap=True), "roles", "keys", "next end", "last used", "")
    for one, keys in listed:
        working = [key for key in keys if key.works(datetime.now(UTC))]
        used = max((key.last_used for key in keys if key.last_used), default=None)
        ends = min((key.expires for key in working if key.expires), default=None)
        closed = "[red]closed[/red]" if one.closed else ""
        table.add_row(one.id, _roles(one), str(len(working)), _end_shown(ends) if working else "", _time(used), closed)
    out.print(table)


@account.command("show")
def account_show(account_id: AccountArgument, as_json: JsonOption = False) -> None:
    """An account, its limits, what it used of them, and all its keys."""
    with open_installation() as at:
        service = AccountService(accounts=at.accounts, lifetimes=at.settings.key_lifetimes)
        found = service.account(local_operator(), account_id)
        keys = service.keys(local_operator(), account=account_id)
        usage = at.service.usage.account_usage(found.id, found.limits)
        second = at.second_factors.is_enrolled(found.id)
        left = at.second_factors.recovery_codes_left(found.id)
    if as_json:
        factor = {"enrolled": second, "recovery_codes_left": left}
        print_json(_account_record(found, keys) | {"usage": usage, "second_factor": factor})
        return
    out.print(f"account {found.id} ({_roles(found)}){' is closed' if found.closed else ''}", highlight=False)
    out.print(f"limits  {_limits(found.limits) or 'as the settings say'}", highlight=False)
    shown = f"authenticator, {left} recovery codes left" if second else "none"
    out.print(f"second factor  {shown}", highlight=False)
    for one in usage:
        most = f" of {one.limit}" if one.limit is not None else ""
        out.print(f"used    {one.used}{most} {one.measure.value.replace('_', ' ')}", highlight=False)
    out.print(_key_table(keys))


@account.command("close")
def account_close(account_id: AccountArgument, as_json: JsonOption = False) -> None:
    """Shut an account out at once: its keys, sessions and webhooks. Its cases stay, and go on. Undone by `reopen`."""
    _set_closed(account_id, closed=True, as_json=as_json)


@account.command("reopen")
def account_reopen(account_id: AccountArgument, as_json: JsonOption = False) -> None:
    """Let a closed account in again, with the keys that it had."""
    _set_closed(account_id, closed=False, as_json=as_json)


@account.command("reset-second-factor")
def account_reset_second_factor(account_id: AccountArgument, as_json: JsonOption = False) -> None:
    """Forget an account's authenticator and recovery codes. First make sure who asks: its token alone opens it then."""
    with open_installation() as at:
        AccountService(accounts=at.accounts).account(local_operator(), account_id)
        had = at.second_factors.reset(local_operator(), account_id)
    if as_json:
        print_json({"id": account_id, "reset": had})
    else:
        out.print(f"account {account_id}: {'second factor forgotten' if had else 'no second factor'}", highlight=False)


@account.command("roles")
def account_roles(account_id: AccountArgument, role: RoleOption, as_json: JsonOption = False) -> None:
    """Give an account these roles instead of those that it has; no role has the rights of another. Its keys stay."""
    with _accounts() as service:
        changed = service.set_roles(local_operator(), account_id, frozenset(role))
    if as_json:
        print_json(_account_record(changed, ()))
    else:
        out.print(f"account {account_id}: {_roles(changed)}", highlight=False)


@account.command("limits")
def account_limits(
    account_id: AccountArgument,
    requests_per_minute: RequestsOption = None,
    videos_per_day: VideosOption = None,
    video_seconds_per_month: SecondsOption = None,
    reset: Annotated[bool, typer.Option("--reset", help="First, forget all limits that the account has.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Set what all keys of an account may use together. What is not given stays; without limits the settings hold."""
    given = {
        "requests_per_minute": requests_per_minute,
        "videos_per_day": videos_per_day,
        "video_seconds_per_month": video_seconds_per_month,
    }
    with _accounts() as service:
        before = NO_LIMITS if reset else service.account(local_operator(), account_id).limits
        limits = replace(before, **{name: value for name, value in given.items() if value is not None})
        changed = service.set_limits(local_operator(), account_id, limits)
    if as_json:
        print_json(_account_record(changed, ()))
    else:
        out.print(f"account {account_id}: {_limits(changed.limits) or 'limits as the settings say'}", highlight=False)


@account_key.command("create")
def key_create(
    account_id: AccountArgument,
    name: Annotated[str, typer.Option(help="What to call it; no two working keys of an account share one.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="May be given more than once; default: all of use.")] = None,
    expires: Annotated[
        str, typer.Option(help="When it ends: 90d, 12h, or a date as 2027-01-31; default: as the settings say.")
    ] = "",
    never: Annotated[bool, typer.Option("--never", help="It never ends. Not for moderators and operators.")] = False,
    requests_per_minute: RequestsOption = None,
    videos_per_day: VideosOption = None,
    video_seconds_per_month: SecondsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make another key for an account. The token is shown once."""
    with _accounts() as service:
        key, token = service.create_key(
            local_operator(),
            name,
            scopes=frozenset(scope or ()),
            expires=_end(expires),
            never=never,
            limits=UsageLimits(
                requests_per_minute=requests_per_minute,
                videos_per_day=videos_per_day,
                video_seconds_per_month=video_seconds_per_month,
            ),
            account=account_id,
        )
    _show_new_key(key, token, as_json)


@account_key.command("list")
def key_list(account_id: AccountArgument, as_json: JsonOption = False) -> None:
    """All keys that an account ever had, with their scopes and when they were last used."""
    with _accounts() as service:
        keys = service.keys(local_operator(), account=account_id)
    if as_json:
        print_json({"keys": [_key_record(key) for key in keys]})
    else:
        out.print(_key_table(keys))


@account_key.command("revoke")
def key_revoke(account_id: AccountArgument, key_id: KeyArgument, as_json: JsonOption = False) -> None:
    """End a key at once, with all sessions that it began."""
    with _accounts() as service:
        key = service.revoke_key(local_operator(), key_id, account=account_id)
    if as_json:
        print_json(_key_record(key))
    else:
        out.print(f"key {key.id} ({key.name}) is revoked", highlight=False)


@account_key.command("rotate")
def key_rotate(
    account_id: AccountArgument,
    key_id: KeyArgument,
    overlap_hours: Annotated[int, typer.Option(help="For how many hours the old token goes on working.", min=0)] = 0,
    as_json: JsonOption = False,
) -> None:
    """A new token in place of a key's, with its name, scopes, limits and end. The token is shown once."""
    with _accounts() as service:
        key, token = service.rotate_key(
            local_operator(), key_id, overlap=timedelta(hours=overlap_hours), account=account_id
        )
    _show_new_key(key, token, as_json)


@contextmanager
def _accounts() -> Iterator[AccountService]:
    with open_installation() as at:
        yield AccountService(accounts=at.accounts, lifetimes=at.settings.key_lifetimes)


def _set_closed(account_id: str, *, closed: bool, as_json: bool) -> None:
    with _accounts() as service:
        changed = service.set_closed(local_operator(), account_id, closed=closed)
    if as_json:
        print_json(_account_record(changed, ()))
    else:
        out.print(f"account {account_id} is {'closed' if closed else 'open'}", highlight=False)


def _end(given: str) -> datetime | None:
    """`90d`, `12h` or a date, as a time."""
    unit = {"d": "days", "h": "hours"}.get(given[-1:])
    try:
        if not given:
            return None
        if unit and given[:-1].isdigit():
            return datetime.now(UTC) + timedelta(**{unit: int(given[:-1])})
        at = datetime.fromisoformat(given)
    except (ValueError, OverflowError):
        raise BadInput(f"{given!r} is no time: write 90d, 12h, or a date as 2027-01-31") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _show_new_account(account_id: str, roles: list[Role], token: str, as_json: bool) -> None:
    if as_json:
        print_json({"id": account_id, "roles": roles, "token": token})
    else:
        out.print(f"account {account_id} ({', '.join(roles)})\ntoken   {token}", highlight=False, soft_wrap=True)


def _show_new_key(key: AccountKey, token: str, as_json: bool) -> None:
    if as_json:
        print_json(_key_record(key) | {"token": token})
    else:
        out.print(
            f"key   {key.id} ({key.name}: {', '.join(sorted(key.scopes))})\ntoken {token}",
            highlight=False,
            soft_wrap=True,
        )


def _key_table(keys: tuple[AccountKey, ...] | Any) -> Table:
    table = Table(
        Column("key", no_wrap=True),
        "name",
        Column("begins with", no_wrap=True),
        "scopes",
        "ends",
        "last used",
        "limits",
    )
    for key in keys:
        ends = f"[red]revoked {_time(key.revoked)}[/red]" if key.revoked else _end_shown(key.expires)
        table.add_row(
            key.id,
            escape(key.name),
            key.hint or key.kind.value,
            _scopes(key),
            ends,
            _time(key.last_used),
            _limits(key.limits),
        )
    return table


def _account_record(one: Account, keys: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "roles": sorted(one.roles),
        "closed": one.closed,
        "limits": one.limits,
        "keys": [_key_record(key) for key in keys],
    }


def _key_record(key: AccountKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "account": key.account,
        "name": key.name,
        "kind": key.kind,
        "hint": key.hint,
        "scopes": sorted(key.scopes),
        "created": key.created,
        "expires": key.expires,
        "ends_soon": key.works(datetime.now(UTC)) and ends_soon(key.expires, datetime.now(UTC)),
        "revoked": key.revoked,
        "last_used": key.last_used,
        "limits": key.limits,
    }


def _scopes(key: AccountKey) -> str:
    return "all" if key.scopes >= ALL_SCOPES else ", ".join(sorted(key.scopes))


def _roles(one: Account) -> str:
    return ", ".join(sorted(one.roles))


def _limits(limits: UsageLimits) -> str:
    words = {
        "requests a minute": limits.requests_per_minute,
        "videos a day": limits.videos_per_day,
        "seconds a month": limits.video_seconds_per_month,
    }
    return ", ".join(f"{value or 'no limit of'} {name}" for name, value in words.items() if value is not None)


def _end_shown(at: datetime | None) -> str:
    """When a key ends, with a warning ahead of it."""
    now = datetime.now(UTC)
    if at is None:
        return "never"
    if at <= now:
        return f"[red]ended {_time(at)}[/red]"
    return f"[yellow]{_time(at)}, soon[/yellow]" if ends_soon(at, now) else _time(at)


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else ""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    add_end_user_commands(account)
    app.add_typer(account, name="account")
