"""Fifty moderators over a million held cases: `python -m evals.bench queue`.

`assay serve` runs as its users run it, over an embedded Postgres. All but a few hundred of the cases are written
straight into the tables, with the same functions that the trigger calls; those that come first are real: held through
the ledger, their prompts encrypted. Each moderator looks at the queue, at a part of it, pages on or takes the next
case, about every ten seconds, as somebody who decides in ten seconds would.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from psycopg.types.json import Jsonb

from core.case import new_case
from core.codec import dump
from core.events import Event, Judged, Measured, Submitted
from core.roles import Role
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict
from evals.bench.gateway_cost import process_cpu_seconds, wait_for_server
from evals.bench.machine_info import BenchFigures, min_median_max
from evals.local_broker import free_port
from pipeline.accounts import create_account
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.postgres_review_queue import PostgresReviewQueue
from pipeline.ledgers.texts import PostgresTexts
from pipeline.settings import load_settings
from pipeline.wiring import open_installation_database
from pipeline.wiring.stores import open_text_keys
from policy.pack import DEFAULT_PACK
from policy.review_priority import review_clocks, review_priorities
from policy.rule_files import read_rules

CASES = 1_000_000
_REAL = 700
"""Cases that come first in each queue, held through the ledger with their prompts encrypted."""
_MODERATORS = 50
_SECONDS = 90.0
_THINK_SECONDS = 10.0
"""Between two looks of one moderator, in the mean."""
_LANGUAGES = ("en", "en", "en", "fr", "de", "es", "ja")
_RULES = ("prompt_gore", "prompt_hate", "prompt_sexual", "prompt_weapons", "video_gore", "video_nudity", "prompt_fraud")

_SEED = """
INSERT INTO cases (id, phase, revision, author, body, digests, submitted, moved)
SELECT lpad(to_hex(n), 16, '0'), 'held', 3, 'tenant' || n %% 400,
       jsonb_set(jsonb_set(%(body)s, '{verdicts,0,rules}', jsonb_build_array((%(rules)s::text[])[1 + n %% 7], 'other')),
                 '{language}', to_jsonb((%(languages)s::text[])[1 + (n / 7) %% 7])),
       '{}', clock_timestamp() - n %% 86400 * interval '1 second', clock_timestamp() - n %% 86400 * interval '1 second'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_QUEUE = """
INSERT INTO review_queue (case_id, revision, since, due_at, order_at, clock, severity, reach, subject, language, region,
                          author, end_user, rules, prompt, held, prepared, words)
SELECT c.id, c.revision, c.moved, p.due_at, p.order_at, p.clock, p.severity, 1, review_subject(c.body),
       c.body ->> 'language', '', c.author, '', r.rules, c.body #>> '{submitted,prompt}', review_summary(c.body), true,
       ARRAY[hashtextextended(c.id, 1), (('x' || right(c.id, 8))::bit(32)::int %% 5000)::bigint]
FROM cases c,
     LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(c.body #> '{verdicts,-1,rules}')) AS rules) r,
     LATERAL review_placement(c.moved, r.rules, review_subject(c.body), 1, false) p
WHERE c.id BETWEEN lpad(to_hex(%(first)s::bigint), 16, '0') AND lpad(to_hex(%(last)s::bigint), 16, '0')
"""
_BATCH = 50_000


def measure_review_queue(cases: int = CASES) -> BenchFigures:
    """Milliseconds until a page of the queue is there, its size, and the CPU that it takes."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        home, port = Path(name) / "home", free_port()
        environment = os.environ | {"ASSAY_HOME": str(home), "ASSAY_PORT": str(port)}
        settings = load_settings(home=home)
        database = open_installation_database(settings)
        _set_priorities(PostgresReviewQueue(database))
        began = time.perf_counter()
        _seed(EmbeddedPostgres(settings.root).start(), cases)
        texts = PostgresTexts(database, open_text_keys(settings))
        _hold_real(PostgresLedger(database), texts, PostgresReviewQueue(database))
        figures: BenchFigures = {
            "cases held": cases + _REAL,
            "seconds to write them": round(time.perf_counter() - began),
        }
        tokens = [create_account(PostgresAccounts(database), [Role.MODERATOR])[1] for _ in range(_MODERATORS)]
        with _serving(environment, port, Path(name) / "log") as process:
            figures |= _Load(f"http://127.0.0.1:{port}", tokens, process.pid, settings.root).figures()
        database.close()
    return figures


def _set_priorities(queue: PostgresReviewQueue) -> None:
    """As the server would, which then finds nothing to place anew."""
    rules, _ = read_rules(DEFAULT_PACK)
    said = {rule: (one.severity, one.clock) for rule, one in review_priorities(rules).items()}
    queue.set_priorities(review_clocks(), said)


def _seed(dsn: str, cases: int) -> None:
    body = dump(_held_case())
    values = {"body": Jsonb(body), "rules": list(_RULES), "languages": list(_LANGUAGES)}
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0; ALTER TABLE cases DISABLE TRIGGER review_queue_follows")
        connection.execute("ALTER TABLE review_queue DISABLE TRIGGER review_queue_rules_follow")
        for first in range(0, cases, _BATCH):
            span = {"first": first, "last": min(first + _BATCH, cases) - 1}
            connection.execute(_SEED, values | span)
            connection.execute(_QUEUE, span)
        connection.execute("INSERT INTO review_queue_rules SELECT unnest(rules), order_at, case_id FROM review_queue")
        connection.execute("ALTER TABLE review_queue ENABLE TRIGGER review_queue_rules_follow")
        connection.execute("ALTER TABLE cases ENABLE TRIGGER review_queue_follows")
        connection.execute("VACUUM ANALYZE review_queue")
        connection.execute("VACUUM ANALYZE review_queue_rules")
        connection.execute("VACUUM ANALYZE cases")


def _events(author: str, prompt: str, rule: str, language: str) -> list[Event]:
    signals = tuple(
        Signal(subject=Subject.PROMPT, label=label, score=0.8, source="terms/1", at=Span(start=0, end=9, unit="chars"))
        for label in ("violence", "sexual", "hate", "weapons", "fraud")
    )
    verdict = Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=(rule, "other"), policy="p" * 64)
    return [
        Submitted(author=author, prompt=prompt),
        Measured(signals=signals, language=language),
        Judged(verdict=verdict),
    ]


def _held_case() -> object:
    return new_case().apply(_events("tenant", "t" * 32, _RULES[0], "en"))


def _hold_real(ledger: PostgresLedger, texts: PostgresTexts, queue: PostgresReviewQueue) -> None:
    """Of every rule and language, and flagged, so that they come first in each queue."""
    for number in range(_REAL):
        case = new_case()
        prompt = texts.put(f"A battle in the rain, take {number}, seen from above, " * 3, case_id=case.id)
        rule, language = _RULES[number % len(_RULES)], _LANGUAGES[number // len(_RULES) % len(_LANGUAGES)]
        ledger.append(case, _events(f"tenant{number % 400}", prompt, rule, language))
        queue.flag(case.id)


@contextmanager
def _serving(environment: dict[str, str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as written:
        command = [sys.executable, "-m", "pipeline.cli", "serve"]
        process = subprocess.Popen(command, env=environment, stdout=written, stderr=written)
    try:
        wait_for_server(f"http://127.0.0.1:{port}/healthz", process)
        time.sleep(70)  # the policy's priorities are written, and the counts summed
        yield process
    finally:
        process.terminate()
        process.wait(60)


class _Load:
    """Fifty moderators at work, each with a browser's connection that stays open."""

    def __init__(self, url: str, tokens: Sequence[str], pid: int, root: Path) -> None:
        self._url, self._tokens, self._pid, self._root = url, tokens, pid, root
        self._taken: dict[str, list[float]] = {}
        self._sizes: list[int] = []
        self._wire: list[int] = []
        self._failed = 0
        self._lock = threading.Lock()

    def figures(self) -> BenchFigures:
        """What was measured."""
        clients = [self._signed_in(token) for token in self._tokens]
        for client in clients[:10]:
            self._get(client, "/queue", keep=False)
        cpu, database = process_cpu_seconds(self._pid), _postgres_cpu(self._root)
        ends = time.monotonic() + _SECONDS
        threads = [threading.Thread(target=self._work, args=(client, n, ends)) for n, client in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answered = sum(len(times) for times in self._taken.values())
        spent, spent_there = process_cpu_seconds(self._pid) - cpu, _postgres_cpu(self._root) - database
        pages = sorted(itertools.chain.from_iterable(v for name, v in self._taken.items() if name != "take the next"))
        found: BenchFigures = {
            "moderators": len(clients),
            "pages of the queue": len(pages),
            "failed requests": self._failed,
            "a page of the queue, ms: p50": round(pages[len(pages) // 2], 1),
            "a page of the queue, ms: p95": round(pages[int(len(pages) * 0.95)], 1),
            "server CPU ms a request": round(spent * 1000 / answered, 1),
            "database CPU ms a request": round(spent_there * 1000 / answered, 1),
            "page, kB": min_median_max([size / 1000 for size in self._sizes]),
            "page as sent (gzip), kB": min_median_max([size / 1000 for size in self._wire]),
        }
        for name, times in sorted(self._taken.items()):
            found[f"{name}, ms"] = min_median_max(times)
        return found

    def _signed_in(self, token: str) -> httpx.Client:
        client = httpx.Client(base_url=self._url, trust_env=False, timeout=60.0, headers={"Accept": "text/html"})
        form = _form_token(client.get("/login").text)
        client.post("/login", data={"form_token": form, "token": token})
        return client

    def _work(self, client: httpx.Client, number: int, ends: float) -> None:
        chance = random.Random(number)  # noqa: S311 - no secret
        time.sleep(chance.random() * _THINK_SECONDS)
        while time.monotonic() < ends:
            page = self._get(client, "/queue", keep=True, name="the whole queue")
            match chance.randrange(4):
                case 0:
                    self._get(client, f"/queue?rule={chance.choice(_RULES)}", keep=True, name="by rule")
                case 1:
                    self._get(client, f"/queue?language={chance.choice(_LANGUAGES)}", keep=True, name="by language")
                case 2 if (further := re.search(r'rel="next" href="([^"]+)"', page)) is not None:
                    self._get(client, further[1].replace("&amp;", "&"), keep=True, name="the next page")
                case _:
                    self._take_next(client, page)
            time.sleep(chance.expovariate(1 / _THINK_SECONDS))

    def _get(self, client: httpx.Client, address: str, *, keep: bool, name: str = "") -> str:
        began = time.perf_counter()
        with client.stream("GET", address) as answer:
            raw = b"".join(answer.iter_raw())
            taken = (time.perf_counter() - began) * 1000
        text = httpx.Response(200, headers=answer.headers, content=raw).text
        self._note(name if keep else "", taken, ok=answer.status_code == httpx.codes.OK)
        if keep:
            with self._lock:
                self._sizes.append(len(text.encode()))
                self._wire.append(len(raw))
        return text

    def _take_next(self, client: httpx.Client, page: str) -> None:
        began = time.perf_counter()
        answer = client.post("/queue/next", data={"form_token": _form_token(page)})
        taken = (time.perf_counter() - began) * 1000
        self._note("take the next", taken, ok=answer.status_code == httpx.codes.SEE_OTHER)

    def _note(self, name: str, taken: float, *, ok: bool) -> None:
        with self._lock:
            self._failed += not ok
            if name:
                self._taken.setdefault(name, []).append(taken)


def _form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    return found[1] if found else ""


def _postgres_cpu(root: Path) -> float:
    """CPU seconds of the embedded server with all its processes, those that ended included."""
    file = next(root.glob("**/postmaster.pid"))
    main = int(file.read_text().split("\n", 1)[0])
    spent, ticks = 0.0, os.sysconf("SC_CLK_TCK")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == main:
            spent += (int(fields[11]) + int(fields[12])) / ticks
        if int(stat.parent.name) == main:
            spent += sum(int(one) for one in fields[11:15]) / ticks
    return spent
