"""Settings of what holds for registered works whose holders have not said what they allow."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from registry.rights.registered_works import UnstatedTerms


class RightsSettings(BaseSettings):
    """What an installation may choose about registered works."""

    unstated_character: Literal["ask", "forbid"] = Field(
        "ask", description="Characters whose holder stated no terms: ask (the holder of each draft) or forbid."
    )
    unstated_work: Literal["ask", "forbid", "allow"] = Field(
        "ask", description="Other registered works whose holder stated no terms: ask, forbid or allow."
    )

    @property
    def unstated_terms(self) -> UnstatedTerms:
        """These settings as the registry has them."""
        return UnstatedTerms(character=self.unstated_character, other=self.unstated_work)
