"""Makes of a request document what the service is asked for: the same checks as over HTTP, and references fetched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import BadInput, NotFound, NotNow
from core.roles import Principal
from pipeline.derived_request import Derivation, derived_request, last_picture
from pipeline.request_fields.engine_parameters import is_own_field, with_engine_fields
from pipeline.request_fields.reference_sources import ReferenceSources
from pipeline.service import CaseService
from pipeline.settings import Settings
from pipeline.topic_contract.request_document import (
    ReferenceByUrl,
    RequestDocument,
    RequestDocumentV1,
    RequestDocumentV2,
)
from pipeline.video_request import REFERENCE_PARAM, VideoRequest


class SourceNotReady(BadInput):
    """The video to begin with is not finished yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReader:
    """Reads documents into requests. What the engine cannot honour is refused, whatever `unknown_parameters` says:
    an outcome has no room to list what was ignored.
    """

    service: CaseService
    settings: Settings
    references: ReferenceSources

    def read(self, who: Principal, document: RequestDocument, folder: Path) -> VideoRequest:
        """The request; its reference lies in `folder`. Raises BadInput, naming the field; Unavailable."""
        asked = document.to_request()
        if isinstance(document, RequestDocumentV1):
            return with_engine_fields(asked, {}, self.settings, unknown="refuse")
        _check_beginning(document)
        if own := sorted(name for name in document.parameters if is_own_field(name)):
            raise BadInput(f"{own[0][:80]} is a field of the request and no parameter", param=own[0][:80])
        asked = with_engine_fields(asked, document.parameters, self.settings, unknown="refuse")
        if document.remix_of:
            with _naming_source("remix_of"):
                return derived_request(self.service, who, asked, document.remix_of, folder, Derivation.EDIT)
        if document.extension_of:
            with _naming_source("extension_of"):
                return derived_request(self.service, who, asked, document.extension_of, folder, Derivation.EXTENSION)
        return self._with_reference(who, document, asked, folder)

    def _with_reference(
        self, who: Principal, document: RequestDocumentV2, asked: VideoRequest, folder: Path
    ) -> VideoRequest:
        given, to = document.input_reference, folder / "reference.bin"
        if given is None:
            return asked
        if isinstance(given, ReferenceByUrl):
            file = self.references.from_url(given.image_url, to)
        else:
            file = self.references.from_blob(who.id, given.blob, to)
        if document.extend_reference:
            try:
                file = last_picture(file, folder)
            except BadInput as error:
                raise type(error)(str(error), param=REFERENCE_PARAM) from None
        return replace(asked, references=(file,))


def _check_beginning(document: RequestDocumentV2) -> None:
    """A video begins with one thing at the most, and a continuation says how long it is."""
    given = {
        "input_reference": document.input_reference,
        "remix_of": document.remix_of,
        "extension_of": document.extension_of,
    }
    names = [name for name, value in given.items() if value]
    if len(names) > 1:
        raise BadInput(f"{names[0]} and {names[1]} exclude each other", param=names[1])
    if document.remixed_from_video_id and (document.remix_of or document.extension_of):
        raise BadInput("the parent is the video that it begins with", param="remixed_from_video_id")
    if document.extend_reference and document.input_reference is None:
        raise BadInput("extend_reference needs an input_reference", param="extend_reference")
    if (document.extension_of or document.extend_reference) and document.seconds is None:
        raise BadInput("seconds is missing: how long the continuation is to be", param="seconds")


@contextmanager
def _naming_source(field: str) -> Iterator[None]:
    try:
        yield
    except NotNow as error:
        raise SourceNotReady(f"{field}: {error}", param=field) from None
    except NotFound as error:
        raise BadInput(f"{field}: {error}", param=field) from None
