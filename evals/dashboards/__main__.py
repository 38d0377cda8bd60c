"""`python -m evals.dashboards [EVENTS]`: draws docs/pictures/dashboard-*.webp from a seeded installation.

Each panel's own query is asked of a real Postgres, and what it answers is drawn.

The pictures are renderings of ours, over cases that never were: no Grafana was to be had here.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from evals.dashboards.event_seed import Connection, seed_events
from evals.dashboards.panel_pictures import Answer, draw_dashboard
from evals.dashboards.panel_queries import Dashboard, dashboards, expand_macros
from evals.pages import EVALS_FOLDER
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres

_ROOT = EVALS_FOLDER.parent
EVENTS = 60_000
_DAYS = 9.0
_STEP = 1800  # seconds: few cases make ragged lines

_BESIDE = """
INSERT INTO engine_prices (listed, engine, models, cost_per_second)
VALUES (now() - interval '30 days', 'e', '{}', 0.05);
UPDATE cases
SET phase = (ARRAY['submitted', 'admitted', 'commissioned', 'rendered', 'cleared'])[1 + right(id, 1)::int % 5]
WHERE moved > now() - interval '20 minutes' AND right(id, 1) BETWEEN '0' AND '9' AND phase = 'published';
UPDATE cases SET phase = phase WHERE phase = 'held' AND moved > now() - interval '1 day';
UPDATE review_queue SET due_at = now() - interval '1 hour'
WHERE case_id IN (SELECT case_id FROM review_queue ORDER BY case_id LIMIT 3);
INSERT INTO claims (id, secret_sha256, kind, law, received_at, due_at, removed_at, decided_at, decision)
SELECT 'c' || n, 's' || n, CASE n % 3 WHEN 0 THEN 'copyright' WHEN 1 THEN 'likeness' ELSE 'intimate_image' END,
       CASE n % 3 WHEN 0 THEN 'us_dmca_512' WHEN 1 THEN 'eu_dsa_16' ELSE 'us_take_it_down' END,
       now() - n * interval '50 minutes', now() - n * interval '50 minutes' + interval '20 hours',
       CASE WHEN n % 4 <> 0 THEN now() - n * interval '30 minutes' END,
       CASE WHEN n % 4 <> 0 THEN now() - n * interval '30 minutes' END, CASE WHEN n % 4 <> 0 THEN 'upheld' END
FROM generate_series(1, 28) AS n;
INSERT INTO consent_requests (id, cameo, case_id, asker, expires, state, asked, answered)
SELECT 'q' || n, 'cameo', 'k' || n, 'acct', now() + n * interval '1 hour',
       CASE n % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'granted' ELSE 'refused' END, now() - n * interval '20 minutes',
       CASE WHEN n % 3 <> 0 THEN now() - n * interval '10 minutes' END
FROM generate_series(1, 30) AS n;
"""
_SHIFTED = """
WITH gone AS (
    DELETE FROM report_minutes WHERE what = 'score' AND name = 'classifier_3/1' AND bucket >= 0
      AND at > now() - interval '8 hours'
    RETURNING *
)
INSERT INTO report_minutes SELECT at, what, name, part, how, result, 19 - bucket, count FROM gone
"""


def main(events: int = EVENTS) -> None:
    """Draw every dashboard."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        database = open_database(Path(name))
        with psycopg.connect(EmbeddedPostgres(Path(name)).dsn, autocommit=True) as owner:
            seed_installation(owner, events)
            for dashboard in dashboards():
                file = _ROOT / "docs" / "pictures" / f"dashboard-{dashboard.name}.webp"
                draw_dashboard(dashboard, answer_panels(owner, dashboard), file)
                sys.stdout.write(f"wrote {file.relative_to(_ROOT)}\n")
        database.close()


def seed_installation(owner: Connection, events: int, *, measured_every: int = 30) -> None:
    """Write cases, claims and requests for consent, sum what views sum, and measure drift every so many minutes."""
    seed_events(owner, events, days=_DAYS)
    owner.execute(_BESIDE)
    owner.execute((_ROOT / "pipeline" / "ledgers" / "reports.sql").read_bytes())
    for _ in range(int(_DAYS * 4) + 2):
        owner.execute("SELECT sum_report_minutes('6 hours'), sum_cost_minutes('7 hours')")
    owner.execute(_SHIFTED)  # one classifier that begins to score otherwise, so that drift is seen
    now = datetime.now(UTC)
    for minutes in range(30 * 60, -1, -measured_every):
        owner.execute("SELECT sum_score_drift(%s)", [now - timedelta(minutes=minutes)])


def answer_panels(owner: Connection, dashboard: Dashboard) -> dict[str, Answer]:
    """What each panel's query answers, by the panel's title."""
    return {panel["title"]: _ask(owner, panel["targets"][0]["rawSql"]) for panel in dashboard.panels}


def _ask(owner: Connection, sql: str) -> Answer:
    cursor = owner.execute(expand_macros(sql, step=_STEP).encode())
    columns = [column.name for column in cursor.description or ()]
    return Answer(columns=columns, rows=[dict(zip(columns, row, strict=True)) for row in cursor.fetchall()])


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:2]))
