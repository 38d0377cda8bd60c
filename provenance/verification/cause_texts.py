"""Sentences for each cause that credentials are not simply trusted: one for the summary, and a piece of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provenance.c2pa.credential_causes import CredentialsCause

_UNCHANGED = "Nothing shows that anything was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseText:
    """`summary` is the answer where the credentials are invalid for this cause; the rest is its evidence."""

    summary: str
    says: str
    proves: str
    limits: str = ""


CAUSE_TEXTS: Mapping[CredentialsCause, CauseText] = {
    CredentialsCause.FILE_CHANGED: CauseText(
        summary="This file has credentials, but they do not fit the file any more: it was changed after it was signed,"
        " or damaged.",
        says="The bytes of the file are not those that were signed.",
        proves="That the file was changed after it was signed, or damaged.",
        limits="Not by whom, and not whether in bad faith.",
    ),
    CredentialsCause.CREDENTIALS_CHANGED: CauseText(
        summary="This file has credentials, but they contradict themselves: they were changed after they were signed,"
        " or damaged.",
        says="The signature, the claim and its parts are not those that were signed together.",
        proves="That the credentials were changed after they were signed, or damaged.",
        limits="Not by whom, and not whether in bad faith; nor that the file itself was changed.",
    ),
    CredentialsCause.INGREDIENT_CHANGED: CauseText(
        summary="This file's own signature holds, but not the credentials of something it was made from: those were"
        " changed after they were signed, or damaged.",
        says="The credentials of something it was made from are not those that were signed.",
        proves="That the history before this signature cannot be relied on.",
        limits="Not that this file was changed after it was signed.",
    ),
    CredentialsCause.NOT_CONFORMING: CauseText(
        summary=f"This file has credentials, but they do not follow the C2PA standard and are not relied on."
        f" {_UNCHANGED}",
        says="The credentials do not follow the C2PA standard.",
        proves="That they were written wrongly.",
        limits="Not that anything was changed.",
    ),
    CredentialsCause.READS_DIFFER: CauseText(
        summary=f"This file has credentials, but reading them again gave another answer, so neither is relied on."
        f" {_UNCHANGED}",
        says="Reading the credentials again gave another answer.",
        proves="That no answer about them can be relied on.",
        limits="Not that anything was changed.",
    ),
    CredentialsCause.CERTIFICATE_REVOKED: CauseText(
        summary=f"This file has credentials, but the certificate that signed them was revoked. {_UNCHANGED}",
        says="The certificate that signed was revoked by its authority.",
        proves="That the authority no longer vouches for the signer.",
        limits="Not that anything was changed.",
    ),
    CredentialsCause.CERTIFICATE_UNSUITABLE: CauseText(
        summary=f"This file has credentials, but the certificate that signed them is not one that may sign credentials."
        f" {_UNCHANGED}",
        says="The certificate that signed is not one that may sign credentials.",
        proves="That no authority allowed this certificate to sign credentials.",
        limits="Not that anything was changed.",
    ),
    CredentialsCause.CERTIFICATE_EXPIRED: CauseText(
        summary="This file has credentials, but the certificate that signed them has run out, and no trusted time stamp"
        f" says that they were signed before. {_UNCHANGED}",
        says="The certificate that signed has run out, and no trusted time stamp says that it signed before.",
        proves="That it cannot be known whether the certificate was still in force when it signed.",
        limits="Not that anything was changed.",
    ),
    CredentialsCause.STREAM_START: CauseText(
        summary="This is the beginning of a stream (DASH or HLS): its credentials can only be checked together with the"
        f" pieces that follow. {_UNCHANGED}",
        says="This is the beginning of a stream, and its credentials cover pieces that are not in this file.",
        proves="That this file alone cannot be checked.",
        limits="Not that anything was changed.",
    ),
    CredentialsCause.IDENTITY_INVALID: CauseText(
        summary="This file has credentials, but what they say of a person's or an account's identity does not hold."
        f" {_UNCHANGED}",
        says="What the credentials say of a person's or an account's identity does not hold.",
        proves="That this identity is not proven.",
        limits="Not that anything was changed.",
    ),
    CredentialsCause.IDENTITY_NOT_CHECKED: CauseText(
        summary="This file has credentials, but the identity that they name was not checked, and they are not relied"
        f" on. {_UNCHANGED}",
        says="The person or the account that the credentials name was not checked: that takes the network, or a list"
        " of identity issuers, and neither is used here.",
        proves="Nothing about that identity.",
        limits="Not that it is wrong.",
    ),
    CredentialsCause.SIGNER_NOT_TRUSTED: CauseText(
        summary=f"This file has credentials, but nobody here vouches for their signer. {_UNCHANGED}",
        says="The signer is on no list here.",
        proves="Not who signed: anybody can make such a certificate.",
    ),
}
"""Only causes of credentials that could be read: those that cannot be parsed or lie elsewhere have a state."""


def main_cause(causes: Sequence[str]) -> CredentialsCause:
    """The weightiest. Credentials that do not hold for no named cause are those of a changed file: fail closed."""
    named = [CredentialsCause(cause) for cause in causes]
    return next((cause for cause in named if cause in CAUSE_TEXTS), CredentialsCause.FILE_CHANGED)
