"""Walks every route of the app as everybody, and writes who gets where: docs/reference/access.md.

`python -m tests.stories.access_walk` writes the page from a new installation; a test compares it with what it walked.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from core.roles import Principal, Role, Scope
from pipeline.accounts import create_account, new_key
from pipeline.diagnostics.installation_checks import make_development_keys
from pipeline.settings import Settings
from tests.conftest import ROOT
from tests.stories.access_objects import AccessObjects
from tests.stories.access_requests import LATER, PARAMETERS, REQUESTS
from tests.stories.http_installation import ServedInstallation, form_token, serve_real_installation
from tests.unit.media.media_clips import write_clip

PAGE = ROOT / "docs" / "reference" / "access.md"
YES, SIGN_IN, NO, NOT_THERE = "yes", "sign in", "no", "not there"
ENDED = ("expired", "revoked", "closed")
COLUMNS = ("nobody", "owner", "other", "moderator", "lead", "operator", *(f"key: {scope}" for scope in Scope))
_BROWSER = {"Accept": "text/html"}
_OWN_ROUTES = {"/openapi.json"}  # of the framework, for programs, and not in its own description


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody who asks. `about` is whose things they ask for; `session` and `form_token` are what pages need."""

    name: str
    about: Principal
    token: str = ""
    session: str = ""
    form_token: str = ""


@dataclass(frozen=True, kw_only=True)
class WalkedRoute:
    """What everybody was answered, by the name of the actor: a status, as a word of the matrix and as it came."""

    name: str
    words: dict[str, str]
    statuses: dict[str, int]


def all_routes(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """(method, path) of everything that the app answers; static files are open to all and not walked."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from all_routes(route.original_router.routes)
        elif isinstance(route, APIRoute | Route):
            yield from ((method, route.path) for method in sorted(route.methods or ()))
        else:
            assert isinstance(route, Mount) and route.path == "/static", route


@contextmanager
def walking(home: Path, video: Path) -> Iterator[tuple[ServedInstallation, AccessObjects, list[Actor]]]:
    """An installation with all these people, over a folder with keys."""
    settings = {
        "requests_per_minute": 0,
        "lookups_per_minute": 10**6,
        "claims_per_day": 0,
        "claims_per_address_day": 0,
        "sync_wait": 0.01,
        "webhook_networks": "10.0.0.0/8",
    }
    with serve_real_installation(home, **settings) as at, ExitStack() as opened:
        accounts = at.installation.accounts
        owner, both = (
            create_account(accounts, roles)[0] for roles in ([Role.PLATFORM], [Role.PLATFORM, Role.MODERATOR])
        )
        maker, token = create_account(accounts, [Role.PLATFORM])
        made = AccessObjects(
            at=at.installation, context=at.app.state.context, video=video, maker=maker, maker_token=token
        )
        people = [_signed_in(at, opened, name, who, who) for name, who in (("owner", owner),)]
        roles = {"other": Role.PLATFORM} | {str(role): role for role in (Role.MODERATOR, Role.LEAD, Role.OPERATOR)}
        for name, role in roles.items():
            people.append(_signed_in(at, opened, name, create_account(accounts, [role])[0], owner))
        for scope in Scope:
            people.append(_signed_in(at, opened, f"key: {scope}", both, both, frozenset({scope})))
        for name in ENDED:
            account = create_account(accounts, [Role.PLATFORM])[0] if name == "closed" else owner
            actor = _signed_in(at, opened, name, account, owner)
            _end(accounts, name, actor.token)
            people.append(actor)
        with at.client() as client:
            token = form_token(client.get("/login", headers=_BROWSER).text)
            nobody = Actor(name="nobody", about=owner, form_token=token, session=_cookies(client))
        yield at, made, [nobody, *people]


def walk(at: ServedInstallation, made: AccessObjects, people: list[Actor]) -> list[WalkedRoute]:
    """Every route, in the order of the app; signing out comes last, because it ends the sessions."""
    described = at.app.openapi()["paths"]
    routes = sorted(dict.fromkeys(all_routes(at.app.routes)), key=lambda one: one == ("POST", "/logout"))
    walked = []
    with at.client() as client:
        for method, path in routes:
            program = method.lower() in described.get(path, {}) or path.startswith("/v1/") or path in _OWN_ROUTES
            statuses, unused = {}, {}
            for one in people:
                request = unused.pop(one.about.id, None) or _request(made, one.about, method, path)
                statuses[one.name] = _ask(client, one, method, path, request, program=program)
                if _word(statuses[one.name]) != YES:  # whoever is turned away leaves all as it was
                    unused[one.about.id] = request
            words = {name: _word(status) for name, status in statuses.items()}
            walked.append(WalkedRoute(name=f"{method} {path}", words=words, statuses=statuses))
    return walked


def _request(made: AccessObjects, about: Principal, method: str, path: str) -> tuple[str, dict]:
    """The address, and what is sent there, of things made for it that belong to this account."""
    values, options = REQUESTS[f"{method} {path}"](made, about) if f"{method} {path}" in REQUESTS else ({}, {})
    for name in re.findall(r"\{(\w+)(?::path)?\}", path):
        if name not in values:
            values[name] = PARAMETERS[name](made, about)
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: values[found[1]], path), options


def _ask(client: httpx.Client, who: Actor, method: str, path: str, request: tuple[str, dict], *, program: bool) -> int:
    address, options = request
    headers = options.get("headers", {})
    if program:
        headers = headers | ({"Authorization": f"Bearer {who.token}"} if who.token else {})
    else:
        headers = headers | _BROWSER | {"Cookie": who.session}
        if method == "POST":
            options = options | {"data": {"form_token": who.form_token, **options.get("data", {})}}
    answer = client.request(method, address, **options | {"headers": headers})
    client.cookies.clear()
    assert answer.status_code not in (405, 500), (method, path, who.name, answer.text[:300])
    to_login = answer.status_code == 303 and answer.headers["location"].startswith("/login")
    return 401 if to_login else answer.status_code


def _word(status: int) -> str:
    return {401: SIGN_IN, 403: NO, 404: NOT_THERE}.get(status, YES)


def _signed_in(
    at: ServedInstallation,
    opened: ExitStack,
    name: str,
    account: Principal,
    about: Principal,
    scopes: frozenset[Scope] = frozenset(Scope),
) -> Actor:
    """Somebody with a key of their own and a session that it began."""
    key, token = new_key(account.id, f"key of {name}", scopes=scopes)
    at.installation.accounts.save_key(key)
    client = opened.enter_context(at.client())
    page = client.get("/login", headers=_BROWSER).text
    sent = client.post("/login", data={"form_token": form_token(page), "token": token}, headers=_BROWSER)
    assert sent.status_code == 303, sent.text
    signed = form_token(client.get("/verify", headers=_BROWSER).text)
    return Actor(name=name, about=about, token=token, session=_cookies(client), form_token=signed)


def _cookies(client: httpx.Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _end(accounts, how: str, token: str) -> None:
    from pipeline.accounts import token_digest

    account, key = accounts.by_digest(token_digest(token))
    now = datetime.now(UTC)
    if how == "closed":
        accounts.save(replace(account, closed=True))
    else:
        accounts.save_key(replace(key, **{how: now} if how == "revoked" else {"expires": now}))


def unproven(walked: list[WalkedRoute]) -> list[str]:
    """Routes on which nobody succeeded: there a wrong request could pass for an answer."""
    return [one.name for one in walked if one.name not in LATER and min(one.statuses.values()) >= 400]


def access_page(walked: list[WalkedRoute]) -> str:
    """The matrix as a page."""
    head = (PAGE_HEAD + "| route | " + " | ".join(COLUMNS) + " |\n|---|" + "---|" * len(COLUMNS)).rstrip()
    rows = [f"| `{one.name}` | " + " | ".join(one.words[name] for name in COLUMNS) + " |" for one in walked]
    return "\n".join([head, *sorted(rows, key=lambda row: row.split("`")[1].split(" ")[::-1])]) + "\n"


PAGE_HEAD = """# Who gets where

<!-- made by `python -m tests.stories.access_walk`, which asks a real installation; a test keeps it current -->

Every route of the app, those of the API with a Bearer token, pages with a session. What is asked for belongs to **owner**,
an account of a platform; **other** is another platform, **moderator** and **operator** have that role and no other. The keys are
of one account that is platform and moderator, have one scope each, and ask for that account's own things, on which it does not
rule itself. Keys that are expired or revoked and those of a closed account get where nobody gets.

`yes`: past the door, whatever is then said of the request. `sign in`: 401, or the login. `no`: 403. `not there`: 404, so that
nobody learns what others have.

"""


def main() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_development_keys(Settings(home=home))
        (home / "engine").mkdir()
        video = write_clip(home / "engine" / "clip.mp4", size=(320, 240), frames=25, sound="aac")
        with walking(home, video) as (at, made, people):
            PAGE.write_text(access_page(walk(at, made, people)))


if __name__ == "__main__":
    main()
