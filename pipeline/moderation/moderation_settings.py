"""Settings of moderators' work: what they are exposed to, how long a ruling can be undone, what nobody may view."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

from pipeline.moderation.exposure import ExposureLimits
from pipeline.moderation.house_rules import HouseRules


class ModerationSettings(BaseSettings):
    """What an installation may choose about the work of its moderators."""

    exposure_day_points: int = Field(
        400, ge=1, description="Points of exposure in a day from which on a moderator is told to leave hard cases."
    )
    exposure_hour_points: int = Field(
        90, ge=1, description="Points of exposure in an hour from which on a moderator is told to slow down."
    )
    exposure_minutes: int = Field(
        50, ge=1, description="Minutes of looking without a pause from which on a moderator is told to take a break."
    )
    exposure_severe_cases: int = Field(
        25, ge=1, description="Hard cases in a day from which on a moderator is told to change to another queue."
    )
    exposure_keep_days: int = Field(90, ge=1, le=3650, description="Days for which it is kept what moderators saw.")
    ruling_undo_seconds: float = Field(
        10.0, ge=0.0, le=120.0, description="Seconds for which a ruling made on a page can be undone; 0: none."
    )
    sealed_rules: str = Field(
        "video_known_bad, reference_known_bad",
        description="Rules (between commas) whose cases nobody may view: they are sealed once such a rule counts.",
    )

    @property
    def house_rules(self) -> HouseRules:
        """These settings as the service has them."""
        return HouseRules(
            exposure=ExposureLimits(
                day_points=self.exposure_day_points,
                hour_points=self.exposure_hour_points,
                minutes=self.exposure_minutes,
                severe_cases=self.exposure_severe_cases,
                keep=timedelta(days=self.exposure_keep_days),
            ),
            undo_seconds=self.ruling_undo_seconds,
            sealed_rules=frozenset(name.strip() for name in self.sealed_rules.split(",") if name.strip()),
        )
