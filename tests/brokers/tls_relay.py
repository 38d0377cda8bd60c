"""A door with TLS before a broker that speaks none, and a certificate for it. (Tansu 0.6.0 takes no key for its own.)"""

import asyncio
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def write_certificate(folder):
    """A certificate of 127.0.0.1 signed by itself, with its key in the same file; gives that file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a broker")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@contextmanager
def tls_relay(port, to, certificate):
    """Passes on to port `to` what comes by TLS to `port`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    loop, listens = asyncio.new_event_loop(), threading.Event()

    async def serve(reader, writer):
        behind, before = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(_copy(reader, before), _copy(behind, writer))

    async def run():
        async with await asyncio.start_server(serve, "127.0.0.1", port, ssl=context):
            listens.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(_until_stopped(run())), daemon=True)
    thread.start()
    assert listens.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(10)


async def _until_stopped(work):
    with suppress(asyncio.CancelledError):
        await work


async def _copy(reader, writer):
    with suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
