"""The DSA Transparency Database over HTTP, as its API is documented (version 1).

POST statements (up to 100): 201 and all are there, or 422 and none is. Then each is sent by itself, so that one that is
rejected holds up nothing. 422 because of the puid: the statement is there already, which GET existing-puid confirms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from pipeline.legal_record.statement import Payload
from pipeline.legal_record.statement_sending import Outcome

_MAX_ANSWER = 8 * 1024 * 1024
_CREATED, _FOUND = 201, 302
_LATER_AT = frozenset({401, 403, 408, 413, 425, 429})
_FIELDS_NAMED = 10


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Mapping[str, object]
    retry_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EuTransparencyDatabase:
    """StatementReceiver over the documented API. `url` ends with /api/v1; redirects are never followed."""

    url: str
    token: str
    timeout: float = 30.0

    def send(self, statements: Sequence[Payload]) -> Mapping[str, Outcome]:
        """As StatementReceiver.send."""
        with httpx.Client(trust_env=False, follow_redirects=False, timeout=self.timeout) as client:
            answer = self._ask(client, "POST", "statements", {"statements": list(statements)})
            if isinstance(answer, Outcome):
                return {str(one["puid"]): answer for one in statements}
            if answer.status == _CREATED:
                return _created(statements, answer.body)
            return {str(one["puid"]): self._send_one(client, one) for one in statements}

    def _send_one(self, client: httpx.Client, statement: Payload) -> Outcome:
        answer = self._ask(client, "POST", "statement", statement)
        if isinstance(answer, Outcome):
            return answer
        if answer.status == _CREATED:
            return Outcome(state="sent", remote=str(answer.body.get("uuid", "")))
        errors = answer.body.get("errors")
        named = sorted(map(str, errors))[:_FIELDS_NAMED] if isinstance(errors, dict) else []
        if "puid" in named and self._is_there(client, str(statement["puid"])):
            return Outcome(state="sent")
        return Outcome(state="rejected", error=f"it answered {answer.status}: {', '.join(named) or 'no field named'}")

    def _is_there(self, client: httpx.Client, puid: str) -> bool:
        answer = self._ask(client, "GET", f"statement/existing-puid/{puid}", None)
        return isinstance(answer, _Answer) and answer.status == _FOUND

    def _ask(self, client: httpx.Client, method: str, path: str, body: object) -> _Answer | Outcome:
        """The answer, or the outcome `later` where there is none that says something about a statement."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        try:
            with client.stream(method, f"{self.url}/{path}", json=body, headers=headers) as response:
                raw = b""
                for part in response.iter_bytes():
                    raw += part
                    if len(raw) > _MAX_ANSWER:
                        return Outcome(state="later", error="the answer is too long")
        except httpx.HTTPError as error:
            return Outcome(state="later", error=f"the connection failed ({type(error).__name__})")
        status, wait = response.status_code, _seconds(response.headers.get("retry-after", ""))
        elsewhere = method == "POST" and (300 <= status < 400 or status == httpx.codes.NOT_FOUND)
        if status in _LATER_AT or elsewhere or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return Outcome(state="later", error=f"it answered {status}", retry_after=wait)
        try:
            found = httpx.Response(status, content=raw).json() if raw else {}
        except ValueError:
            return Outcome(state="later", error=f"it answered {status}, and no JSON")
        return _Answer(status, found if isinstance(found, dict) else {}, wait)


def _created(statements: Sequence[Payload], body: Mapping[str, object]) -> dict[str, Outcome]:
    listed = body.get("statements")
    rows = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    remote = {str(one.get("puid", "")): str(one.get("uuid", "")) for one in rows}
    return {str(one["puid"]): Outcome(state="sent", remote=remote.get(str(one["puid"]), "")) for one in statements}


def _seconds(header: str) -> float | None:
    return float(header) if header.isdigit() and len(header) < 10 else None
