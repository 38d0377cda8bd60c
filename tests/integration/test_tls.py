"""`assay serve` with a certificate: TLS 1.3 is spoken, 1.2 is not, and what is no certificate is said in one line."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time

import pytest
import uvicorn

from console.web.tls import server_ssl_context
from core.errors import BadInput
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import CHAIN_FILE, SIGNER_KEY_FILE


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The development signer's chain and key stand in for a server's: their usages are not asked about here."""
    folder = tmp_path_factory.mktemp("office") / "keys"
    make_dev_keys(folder)
    return folder / CHAIN_FILE, folder / SIGNER_KEY_FILE


async def hello(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture(scope="module")
def port(pair):
    tls = server_ssl_context(*pair)
    server = uvicorn.Server(
        uvicorn.Config(
            hello, port=0, log_config=None, lifespan="off", ssl_context_factory=lambda _config, _default: tls
        )
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def spoken(port: int, version: ssl.TLSVersion) -> str | None:
    asks = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asks.check_hostname, asks.verify_mode = False, ssl.CERT_NONE
    asks.minimum_version = asks.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, asks.wrap_socket(plain) as secure:
        secure.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        assert secure.recv(4096).startswith(b"HTTP/1.1 200")
        return secure.version()


def test_tls_1_3_is_spoken_and_nothing_older(port):
    assert spoken(port, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    with pytest.raises(ssl.SSLError):
        spoken(port, ssl.TLSVersion.TLSv1_2)


def test_without_a_certificate_nothing_is_encrypted_and_one_without_the_other_is_refused(pair, tmp_path):
    chain, key = pair
    assert server_ssl_context(None, None) is None
    for given in ((chain, None), (None, key), (key, chain), (tmp_path / "no.pem", key)):
        with pytest.raises(BadInput):
            server_ssl_context(*given)
