"""The server: the standard library's, because a framework would not let it lie about its lengths."""

import json
import os
import threading
from contextlib import contextmanager
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.engine_server.fault_modes import fault_mode_of

SIZE_MESSAGE = (
    "1 validation error:\n  size must be divisible by 16, see http://gpu-7.internal:8091/docs\n\n"
    '  File "/opt/engine/api_server.py", line 1610, in create_video\n    raise ValueError(size)'
)
"""As vLLM-Omni writes them: a sentence, and after it where in its code it was raised."""


class EngineServer(ThreadingHTTPServer):
    """A Videos API on a real socket. `jobs` are those it created; `asked` are all requests, as "GET /v1/…"."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        video,
        *,
        port=0,
        key="",
        forms_only=False,
        unread_status=422,
        far_away="",
        json_only=False,
        forms_need_a_file=False,
        at_once=False,
        known_fields=None,
        preview=b"",
    ):
        super().__init__(("127.0.0.1", port), _Conversation)
        self.video, self.key, self.forms_only = video, key, forms_only
        self.unread_status, self.far_away = unread_status, far_away
        self.json_only, self.forms_need_a_file, self.at_once = json_only, forms_need_a_file, at_once
        self.known_fields, self.preview = known_fields, preview
        self.jobs, self.by_key, self.asked, self.counts, self.authorisations = {}, {}, [], {}, []
        self.lock = threading.Lock()
        self.released = threading.Event()  # ends every stall

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # a client that hangs up on a mood of ours is no news

    def order(self, fields, key):
        """The job for this order: the one that there is already where the key is known."""
        with self.lock:
            if key and key in self.by_key:
                return self.jobs[self.by_key[key]]
            job = {"id": f"video_{len(self.jobs) + 1}", "polls": 0, "order": fields, "key": key}
            self.jobs[job["id"]] = job
            if key:
                self.by_key[key] = job["id"]
            return job

    def nth(self, what):
        """How often this was asked before."""
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1
            return self.counts[what] - 1


class _Conversation(BaseHTTPRequestHandler):
    server: EngineServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append(f"POST {self.path}")
        if not self._may():
            return
        if self.path != "/v1/videos":
            self._json(404, {"detail": "Not Found"})
            return
        fields = _fields(self.headers, body, forms_only=self.server.forms_only, json_only=self.server.json_only)
        if "prompt" not in fields:
            self._json(*_unread(self.server.unread_status))
            return
        is_form = "form" in self.headers.get("content-type", "")
        if is_form and self.server.forms_need_a_file and "input_reference" not in fields:
            self._json(400, {"detail": "input_reference file is required"})
        elif self.server.known_fields is not None and (odd := sorted(fields.keys() - self.server.known_fields)):
            error = {"message": f"Unknown parameter: '{odd[0]}'.", "code": "unknown_parameter", "param": odd[0]}
            self._json(400, {"error": error})
        elif self.server.at_once:
            self._json(200, {"id": "", "object": "video", "status": "completed", "data": [{"b64_json": "AAAA"}]})
        else:
            self._answer_order(fields, fault_mode_of(fields["prompt"]))

    def do_GET(self):
        self.server.asked.append(f"GET {self.path}")
        if not self._may():
            return
        if self.path == "/v1/models":
            self._json(200, {"object": "list", "data": [{"id": "stand-in", "object": "model"}]})
            return
        if self.path == "/v1/count":
            self._json(200, {"jobs": len(self.server.jobs)})
            return
        job_id, _, rest = self.path.removeprefix("/v1/videos/").partition("/")
        job = self.server.jobs.get(job_id)
        if job is None:
            self._json(404, {"error": {"code": "not_found", "message": "no such video"}})
        elif rest == "preview" and self.server.preview:
            self._send(200, "image/png", self.server.preview)
        elif rest in ("content", "content?elsewhere"):
            self._send_video(job, "" if rest.endswith("elsewhere") else fault_mode_of(job["order"]["prompt"]))
        else:
            self._json(200, _state(job))

    def do_DELETE(self):
        self.server.asked.append(f"DELETE {self.path}")
        if self._may():
            self.server.jobs.pop(self.path.removeprefix("/v1/videos/"), None)
            self._json(200, {"deleted": True})

    def _may(self):
        self.server.authorisations.append(self.headers.get("authorization"))
        if self.server.key and self.headers.get("authorization") != f"Bearer {self.server.key}":
            self._json(401, {"error": {"code": "invalid_api_key", "message": "who are you?"}})
            return False
        return True

    def _answer_order(self, fields, mood):
        prompt = fields["prompt"]
        refusals = {
            "refused": (400, {"error": {"code": "moderation_blocked", "message": prompt}}),
            "forbidden": (403, {"error": {"type": "content_policy_violation", "message": prompt}}),
            "invalid": (400, {"error": {"code": "invalid_size", "message": f"cannot make {prompt}"}}),
            "size": (400, {"error": {"message": SIZE_MESSAGE, "type": "Bad Request", "param": None, "code": 400}}),
            "no memory": (500, {"error": {"message": "CUDA out of memory. Tried to allocate 20.00 GiB", "code": 500}}),
            "broken": (503, {"detail": "no GPU"}),
            "nameless": (200, {"object": "video", "status": "queued"}),
            "at once": (200, {"created": 1, "data": [{"url": "/tmp/a.mp4"}], "status": "completed"}),
            "chatter": (200, {"id": "x" * (3 << 20)}),
        }
        turn = self.server.nth(("order", prompt))
        if mood == "busy" and turn < 2:
            self._json(429, {"error": {"code": "rate_limit_exceeded"}}, ("Retry-After", "0"))
        elif mood == "broken twice" and turn < 2:
            self._json(500, {"detail": "oh"})
        elif mood in refusals:
            self._json(*refusals[mood])
        elif mood == "page for a job":
            self._send(200, "text/html", b"<!doctype html><title>Welcome to nginx</title>")
        elif mood == "drawls":
            self._send_for_ever(b" ", "application/json")
        elif mood == "stalls":
            self.server.released.wait(600)
        else:
            job = self.server.order(fields, self.headers.get("idempotency-key", ""))
            if mood == "vanishes" or (mood == "hangs up" and turn == 0):
                self.close_connection = True
                return
            self._json(200, _state(job, poll=False))

    def _send_video(self, job, mood):
        video, turn = self.server.video, self.server.nth(("video", job["id"]))
        error = b'{"error": {"message": "the video has expired"}}'
        match mood:
            case "html":
                self._send(200, "text/html; charset=utf-8", b"<html>Bad Gateway</html>")
            case "json":
                self._send(200, "application/json", error)
            case "disguised":
                self._send(200, "video/mp4", error)
            case "empty":
                self._send(200, "video/mp4", b"")
            case "lost":
                self._json(404, {"detail": "Generation is still in-progress"})
            case "large":
                self._send(200, "video/mp4", video, length=1 << 50)
            case "elsewhere":
                self._send(302, "text/plain", b"", headers=[("Location", f"{self.path}?elsewhere")])
            case "far away":
                self._send(302, "text/plain", b"", headers=[("Location", self.server.far_away)])
            case "round and round":
                self._send(302, "text/plain", b"", headers=[("Location", self.path)])
            case "short":
                self._send(200, "video/mp4", video[: len(video) // 2], length=len(video))
            case "short once" if turn == 0:
                self._send(200, "video/mp4", video[: len(video) // 2], length=len(video))
            case "exits":
                self._send(200, "video/mp4", video[: len(video) // 2], length=len(video))
                os._exit(9)
            case "endless" | "drip":
                self._send_for_ever(b"\x00" * (1 << 16) if mood == "endless" else b"\x00")
            case _:
                self._send(200, "video/mp4", video)

    def _send_for_ever(self, piece, media_type="video/mp4"):
        self._head(200, media_type, [("Transfer-Encoding", "chunked")])
        while not self.server.released.wait(0.02 if len(piece) == 1 else 0):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def _json(self, status, value, *headers):
        self._send(status, "application/json", json.dumps(value).encode(), headers=headers)

    def _send(self, status, media_type, body, *, length=None, headers=()):
        self._head(status, media_type, [("Content-Length", str(len(body) if length is None else length)), *headers])
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = length is not None

    def _head(self, status, media_type, headers):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()


def _unread(status):
    """What a server says of a body in a format that it does not read: 422 as FastAPI, 400 as vLLM-Omni."""
    missing = {"type": "missing", "loc": ("body", "prompt"), "msg": "Field required"}
    if status == 400:
        message = f'1 validation error:\n  {missing}\n\n  File "/opt/engine/api_server.py", line 1610'
        return 400, {"error": {"message": message, "type": "Bad Request", "param": None, "code": 400}}
    return status, {"detail": [missing]}


@contextmanager
def serving(video: bytes | Path, **given):
    """A running server. `.jobs` tells what it made."""
    with EngineServer(video.read_bytes() if isinstance(video, Path) else video, **given) as server:
        yield server


def _state(job, *, poll=True):
    mood = fault_mode_of(job["order"]["prompt"])
    job["polls"] += poll
    known = {"id": job["id"], "object": "video", "model": job["order"].get("model", "wan"), "prompt": "not yours",
             "created_at": 1, "progress": 100, "status": "completed", "error": None,
             **({"shows": job["shows"]} if "shows" in job else {})}  # fmt: skip
    failures = {
        "moderated": {"code": "sentinel_block", "message": "blocked"},
        "fails": {"code": "out_of_memory", "message": f"CUDA out of memory while making {job['order']['prompt']}"},
        "fails with a number": {"code": 500, "message": "oh"},
        "fails silently": None,
        "worker died": {"code": 500, "message": "worker died, connection lost"},
    }
    if not job["polls"] or (mood == "slow" and job["polls"] <= 2):
        return {**known, "status": "queued", "progress": 0}
    if mood == "slow" and job["polls"] <= 4:
        return {**known, "status": "in_progress", "progress": 25 * (job["polls"] - 1)}
    if mood == "cancelled":
        return {**known, "status": "cancelled"}
    if mood in failures:
        return {**known, "status": "failed", "error": failures[mood]}
    return {**known, "status": "simmering"} if mood == "riddle" else known


def _fields(headers, body, *, forms_only, json_only=False):
    media_type = headers.get("content-type", "")
    if json_only and not media_type.startswith("application/json"):
        return {}
    if media_type.startswith("multipart/form-data"):
        form = BytesParser().parsebytes(b"Content-Type: " + media_type.encode() + b"\r\n\r\n" + body)
        return {name: value for part in form.get_payload() for name, value in [_part(part)]}
    return {} if forms_only else json.loads(body)


def _part(part: Message):
    name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
    if part.get_filename():
        return name, {"filename": part.get_filename(), "type": part.get_content_type(), "bytes": content}
    return name, content.decode()
