"""What somebody asks for, as the event with which a case begins: texts and files are stored, people named are found."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from core.case import Case, Phase
from core.errors import BadInput, NotFound
from core.events import NEGATIVE_PROMPT, Submitted
from core.ports import Ledger
from core.roles import Principal
from media.reference_file import PreparedReference, prepare_reference
from pipeline.stages.stage_context import StageContext
from pipeline.video_request import REFERENCE_PARAM, VideoRequest
from registry.consent.end_users import end_user_pseudonym


def make_submission(who: Principal, case: Case, request: VideoRequest, context: StageContext) -> Submitted:
    """The event. Texts lie in the text store, references as handed in and as prepared in the blob store.

    Raises BadInput for a handle that nobody has, and for a reference that cannot be used. Nothing is stored then.
    """
    cameos = context.consent.resolve("\n".join(_asking_texts(request)), request.cameos)
    if not request.references:
        return _submission(who, case, request, (), cameos, context)
    with context.temp_folder() as folder:
        prepared = [_prepared(path, folder) for path in request.references]
        return _submission(who, case, request, prepared, cameos, context)


def _submission(
    who: Principal,
    case: Case,
    request: VideoRequest,
    prepared: Sequence[PreparedReference],
    cameos: tuple[str, ...],
    context: StageContext,
) -> Submitted:
    put = partial(context.blob_store.put, owner=case.id)
    return Submitted(
        author=who.id,
        prompt=context.texts.put(request.prompt, case_id=case.id),
        model=request.model,
        seconds=request.seconds,
        size=request.size,
        references=tuple(
            put(path, media_type=one.received.value) for path, one in zip(request.references, prepared, strict=True)
        ),
        references_sent=tuple(put(one.path, media_type=one.sent.value) for one in prepared),
        cameos=cameos,
        parent=request.parent,
        audience=request.audience,
        account_minor=request.account_minor,
        region=request.region,
        tier=request.tier,
        end_user=end_user_pseudonym(who.id, request.end_user),
        purpose=request.purpose,
        territory=request.territory,
        voices=request.voices,
        parameters=dict(request.parameters),
        parameter_texts={
            name: context.texts.put(text, case_id=case.id) for name, text in request.parameter_texts.items()
        },
    )


def _asking_texts(request: VideoRequest) -> list[str]:
    """The prompt and the parameters' texts but for the negative prompt: whoever one of them names is asked for."""
    return [request.prompt, *(text for name, text in request.parameter_texts.items() if name != NEGATIVE_PROMPT)]


def _prepared(path: Path, folder: Path) -> PreparedReference:
    try:
        return prepare_reference(path, folder)
    except BadInput as error:
        raise type(error)(str(error), param=REFERENCE_PARAM) from None


def case_id_for_key(who: Principal, key: str) -> str:
    """The id that belongs to this account's key, so that a repeated request meets its first case."""
    return hashlib.blake2b(f"{who.id}\0{key}".encode(), digest_size=8).hexdigest()


def require_known_parent(who: Principal, parent: str, ledger: Ledger) -> None:
    """Raises BadInput unless a video may be made over this one: a published one, or one's own."""
    try:
        known = not parent or (case := ledger.load(parent)).request.author == who.id
        known = known or case.phase is Phase.PUBLISHED
    except NotFound:
        known = False
    if not known:
        raise BadInput("there is no such video that this one could be made over", param="remixed_from_video_id")
