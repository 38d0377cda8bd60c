"""What the facts about an author cost on a large ledger: `python -m evals.policy.author_facts_cost [CASES]`, 200 000
by default.

Synthetic: half of the cases are of one busy account, over sixty days, four events each; one case in fifty was refused.
An embedded Postgres of its own. Wall time of one query pair on a warm cache. Writes evals/results/policy_facts.json.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from evals.bench.machine_info import machine_info, min_median_max
from pipeline.ledgers.author_facts import PostgresAuthorFacts
from pipeline.ledgers.database import Database, open_database

RESULT = Path(__file__).parents[1] / "results" / "policy_facts.json"
QUERY_COUNT = 200
"""Queries of each author, of which the median is given."""

_CASES = """
INSERT INTO cases (id, phase, revision, author, body, digests, submitted, moved)
SELECT lpad(to_hex(n), 16, '0'), CASE WHEN n %% 200 = 0 THEN 'held' ELSE 'published' END, 4,
       CASE WHEN n %% 2 = 0 THEN 'busy' ELSE 'author' || n %% 1000 END,
       jsonb_build_object('verdicts', jsonb_build_array(
           jsonb_build_object('gate', 'prompt', 'decision', CASE WHEN n %% 50 = 0 THEN 2 ELSE 0 END))), '{}',
       now() - interval '60 days' * n / %(cases)s, now() - interval '60 days' * n / %(cases)s
FROM generate_series(1, %(cases)s) AS n
"""

_EVENTS = """
INSERT INTO events (case_id, revision, body, at)
SELECT lpad(to_hex(n), 16, '0'), r,
       CASE r WHEN 3 THEN jsonb_build_object('type', 'Judged', 'verdict', jsonb_build_object(
                'gate', 'prompt', 'decision', CASE WHEN n %% 50 = 0 THEN 2 ELSE 0 END, 'policy', 'p'))
              ELSE jsonb_build_object('type', 'Measured') END,
       now() - interval '60 days' * n / %(cases)s
FROM generate_series(1, %(cases)s) AS n, generate_series(1, 4) AS r
"""


def main() -> None:
    """Measure and write."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        try:
            _fill_ledger(database, cases)
            result: dict[str, object] = {
                "cases": cases,
                "busy": _row(database, "busy"),
                "one of 500": _row(database, "author7"),
                "unknown": _row(database, "nobody"),
                "machine": machine_info(),
                "command": f"python -m evals.policy.author_facts_cost {cases}",
            }
        finally:
            database.close()
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


def _fill_ledger(database: Database, cases: int) -> None:
    with database.connection() as connection:
        connection.execute("SET LOCAL statement_timeout = '600s'")
        connection.execute(_CASES, {"cases": cases})
        connection.execute(_EVENTS, {"cases": cases})
        connection.execute("ANALYZE")


def _row(database: Database, author: str) -> dict[str, object]:
    facts = PostgresAuthorFacts(database)
    counted = facts.author_facts(author)
    milliseconds = []
    for _ in range(QUERY_COUNT):
        began = time.perf_counter()
        facts.author_facts(author)
        milliseconds.append((time.perf_counter() - began) * 1e3)
    return {"facts": counted, "ms": min_median_max(milliseconds)}


if __name__ == "__main__":
    main()
