"""The closed lists of what holders may say, and whoever verifies them: for pages, the API and commands."""

from __future__ import annotations

from registry.consent import PURPOSES
from registry.rights.registered_works import LICENSABLE_KINDS, WORK_TERMS, RegisteredWork
from registry.rights.rights_holders import VERIFICATION_REFUSALS
from registry.rights.work_answers import HOLDER_REFUSALS
from registry.rights.work_licences import PARODY_PURPOSE, PARODY_TERMS
from registry.rights.work_sounds import WorkSound

LICENCE_PURPOSES = tuple(purpose for purpose in PURPOSES if purpose != PARODY_PURPOSE)
"""What a licence may be for; parody is a limit of its own."""

__all__ = [
    "HOLDER_REFUSALS",
    "LICENCE_PURPOSES",
    "LICENSABLE_KINDS",
    "PARODY_TERMS",
    "VERIFICATION_REFUSALS",
    "WORK_TERMS",
    "RegisteredWork",
    "WorkSound",
]
