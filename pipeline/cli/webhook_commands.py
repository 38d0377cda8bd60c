"""webhook: where accounts are told what became of their videos, and what was sent there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import typer
from rich.markup import escape
from rich.table import Column, Table

from core.errors import BadInput, NotFound, Unavailable
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.webhooks.endpoints import EVENT_TYPES, DeliveryState, WebhookDelivery, WebhookEndpoint, secret_hint

if TYPE_CHECKING:
    from pipeline.webhooks.webhook_service import WebhookService

webhook = typer.Typer(no_args_is_help=True, help="Where accounts are told what became of their videos.")

AccountArgument = Annotated[str, typer.Argument(help="The account's id.")]
EndpointArgument = Annotated[str, typer.Argument(help="The endpoint's id, as `assay webhook list` shows it.")]


@webhook.command("add")
def webhook_add(
    account_id: AccountArgument,
    url: Annotated[str, typer.Argument(help="https, of a public machine (or of webhook_networks).")],
    name: Annotated[str, typer.Option(help="What to call it.")] = "webhook",
    event: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(EVENT_TYPES)}; default: all.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Register an endpoint. The signing secret is shown once."""
    with open_installation() as at:
        _require_account(at, account_id)
        made = _service(at).create(
            local_operator(), name=name, url=url, event_types=event or EVENT_TYPES, account=account_id
        )
    _show_secret(made, as_json)


@webhook.command("list")
def webhook_list(account_id: AccountArgument, as_json: JsonOption = False) -> None:
    """An account's endpoints."""
    with open_installation() as at:
        _require_account(at, account_id)
        found = _service(at).endpoints(local_operator(), account=account_id)
    if as_json:
        print_json({"endpoints": [_endpoint_record(one) for one in found]})
        return
    table = Table(Column("endpoint", no_wrap=True), "name", Column("address", overflow="fold"), "events", "")
    for one in found:
        state = f"[red]disabled: {escape(one.disabled_reason)}[/red]" if one.disabled else ""
        events = "all" if len(one.event_types) == len(EVENT_TYPES) else ", ".join(one.event_types)
        table.add_row(one.id, escape(one.name), escape(one.url), events, state)
    out.print(table)


@webhook.command("remove")
def webhook_remove(endpoint_id: EndpointArgument) -> None:
    """Send nothing more there, and forget what was sent."""
    with _webhooks() as service:
        service.delete(local_operator(), endpoint_id)
    out.print(f"{endpoint_id} is removed", highlight=False)


@webhook.command("rotate")
def webhook_rotate(
    endpoint_id: EndpointArgument,
    keep_former: Annotated[bool, typer.Option(help="The former secret signs too for 24 hours.")] = False,
    as_json: JsonOption = False,
) -> None:
    """A new signing secret. It is shown once."""
    with _webhooks() as service:
        rotated = service.rotate_secret(local_operator(), endpoint_id, keep_former=keep_former)
    _show_secret(rotated, as_json)


@webhook.command("test")
def webhook_test(
    endpoint_id: EndpointArgument,
    event: Annotated[str, typer.Option(help="Which event.")] = EVENT_TYPES[0],
    as_json: JsonOption = False,
) -> None:
    """Send a sample event, once, and say how the receiver answered. Its video does not exist."""
    with _webhooks() as service:
        status = anyio.run(service.send_test, local_operator(), endpoint_id, event)
    if as_json:
        print_json({"status": status})
    else:
        out.print(f"the receiver answered {status}", highlight=False)


@webhook.command("deliveries")
def webhook_deliveries(
    endpoint_id: EndpointArgument,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those; dead ones were given up.")] = None,
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """What was sent to an endpoint, and what waits, the newest first."""
    with _webhooks() as service:
        found = service.deliveries(local_operator(), endpoint_id, state=state, limit=limit)
    if as_json:
        print_json({"deliveries": [_delivery_record(one) for one in found]})
        return
    table = Table("delivery", "event", "video", "state", "tries", "last try", "answer")
    for one in found:
        answer = one.error or (str(one.response_status) if one.response_status else "")
        table.add_row(
            str(one.id),
            one.event_type,
            one.case_id,
            one.state.value,
            str(one.attempts),
            _time(one.last_attempt),
            answer,
        )
    out.print(table)


@webhook.command("replay")
def webhook_replay(
    endpoint_id: EndpointArgument,
    delivery: Annotated[int | None, typer.Option(help="Which delivery, by its number.", min=1)] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that were given up.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Queue an event again, or all that were given up, under the same ids. `assay serve` and `assay worker` send."""
    if (delivery is None) is not dead:
        raise BadInput("say which: --delivery NUMBER or --dead")
    with _webhooks() as service:
        if delivery is None:
            count = service.replay_dead(local_operator(), endpoint_id)
        else:
            service.replay(local_operator(), endpoint_id, delivery)
            count = 1
    if as_json:
        print_json({"queued": count})
    else:
        out.print(f"queued: {count}", highlight=False)


@contextmanager
def _webhooks() -> Iterator[WebhookService]:
    with open_installation() as at:
        yield _service(at)


def _require_account(at: Any, account_id: str) -> None:
    if at.accounts.get(account_id) is None:
        raise NotFound(f"there is no account {account_id}")


def _service(at: Any) -> WebhookService:
    service: WebhookService | None = at.service.webhooks
    if service is None:
        raise Unavailable("this installation sends no webhooks")
    return service


def _show_secret(one: WebhookEndpoint, as_json: bool) -> None:
    if as_json:
        print_json(_endpoint_record(one) | {"signing_secret": one.secret})
    else:
        out.print(
            f"endpoint {one.id} ({one.name})\nsecret   {one.secret}", highlight=False, soft_wrap=True, markup=False
        )


def _endpoint_record(one: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": one.id,
        "account": one.account,
        "name": one.name,
        "url": one.url,
        "event_types": one.event_types,
        "created": one.created,
        "signing_secret_hint": secret_hint(one.secret),
        "disabled": one.disabled,
        "disabled_reason": one.disabled_reason,
    }


def _delivery_record(one: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "event_id": one.event_id,
        "event_type": one.event_type,
        "video_id": one.case_id,
        "state": one.state,
        "attempts": one.attempts,
        "last_attempt": one.last_attempt,
        "next_attempt": one.next_attempt,
        "response_status": one.response_status,
        "error": one.error,
    }


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(webhook, name="webhook")
