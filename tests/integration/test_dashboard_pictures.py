"""The pictures of the dashboards: every panel's query is asked of a seeded installation, and drawn."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from PIL import Image

from evals.dashboards.__main__ import answer_panels, seed_installation
from evals.dashboards.panel_pictures import draw_dashboard
from evals.dashboards.panel_queries import dashboards
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


@pytest.mark.postgres
def test_each_panel_has_rows_to_draw_and_each_dashboard_becomes_a_picture(tmp_path: Path) -> None:
    opened = open_database(tmp_path)
    with psycopg.connect(EmbeddedPostgres(tmp_path).dsn, autocommit=True) as owner:
        seed_installation(owner, 2_000, measured_every=24 * 60)
        for dashboard in dashboards():
            answers = answer_panels(owner, dashboard)
            empty = [title for title, answer in answers.items() if not answer.rows]
            assert empty in ([], ["Drift of classifiers", "Drift now"])  # too few cases to tell of drift
            draw_dashboard(dashboard, answers, tmp_path / "picture.webp")
            drawn = Image.open(tmp_path / "picture.webp")
            assert len(drawn.convert("RGB").getcolors(1 << 24)) > 50  # it is not blank
    opened.close()


def test_each_dashboard_has_a_picture_in_the_docs_that_a_page_shows() -> None:
    shown = (Path(__file__).parents[2] / "docs" / "how-to" / "dashboards.md").read_text("utf-8")
    for dashboard in dashboards():
        assert (PICTURES / f"dashboard-{dashboard.name}.webp").is_file()
        assert f"pictures/dashboard-{dashboard.name}.webp" in shown
        for panel in dashboard.panels:
            assert panel["title"] in shown, f"docs/how-to/dashboards.md says nothing of {panel['title']!r}"
