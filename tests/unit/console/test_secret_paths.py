"""What opens a page to whoever has its address is in no log, and no search engine lists it."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from console.web.error_responses import add_exception_handlers
from console.web.security_headers import SecurityHeadersMiddleware


@pytest.mark.parametrize("path", ["/my-video/SECRET", "/claims/status/SECRET", "/api/claims/status/SECRET/appeal"])
def test_an_address_that_opens_something_is_neither_logged_nor_listed(path, caplog):
    app = FastAPI()
    add_exception_handlers(app)
    app.add_middleware(SecurityHeadersMiddleware)

    @app.get("/ordinary/{rest:path}")
    @app.get("/{rest:path}")
    def breaks(rest: str) -> None:
        if "fine" not in rest:
            raise RuntimeError("broke")

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get(path).status_code == 500
    assert "broke" in caplog.text and "SECRET" not in "".join(one.getMessage() for one in caplog.records)
    assert client.get(f"{path}fine").headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "X-Robots-Tag" not in client.get("/claims/fine").headers
