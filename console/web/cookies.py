"""Cookies of a browser. Over https their names begin with `__Host-`.

A browser takes such a cookie from a secure page only, for this host alone and for all its paths, so that no
neighbouring host and nobody on an insecure line can set it. Over https the plain name is not read, nor the other name
over http.
"""

from __future__ import annotations

from fastapi import Request, Response

_PREFIX = "__Host-"


def cookie_name(request: Request, name: str) -> str:
    """What this cookie is called on this connection."""
    return f"{_PREFIX}{name}" if _secure(request) else name


def read_cookie(request: Request, name: str) -> str | None:
    """What the browser sent under the name that the cookie has on this connection."""
    return request.cookies.get(cookie_name(request, name))


def set_cookie(
    request: Request, response: Response, name: str, value: str, *, seconds: int, from_other_sites: bool = False
) -> None:
    """Let the browser keep a value, out of reach of scripts and of other sites.

    With `from_other_sites` it is sent too when a link or a redirect of another site leads here.
    """
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax" if from_other_sites else "strict",
        secure=_secure(request),
    )


def delete_cookie(request: Request, response: Response, name: str) -> None:
    """Let the browser forget it. A `__Host-` cookie is only deleted by one with the same attributes."""
    response.delete_cookie(
        cookie_name(request, name), path="/", httponly=True, samesite="strict", secure=_secure(request)
    )


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"
