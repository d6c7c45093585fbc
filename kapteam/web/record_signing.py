"""Signing the record of a session: a plain page with its text, which asks for password or PIN."""

from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kapteam.actions.session_record import (
    RecordToSign,
    SignRecordEntered,
    record_to_sign,
    sign_record,
)
from kapteam.actions.views import record_view
from kapteam.errors import Conflict, Invalid, NotFound, Refused
from kapteam.queries.client_names import client_of
from kapteam.queries.views import seen_this_hour
from kapteam.vocabulary import RecordPart
from kapteam.web.person import Person, door, person_at
from kapteam.web.plain import message, page
from kapteam.web.proof import is_by_pin, proof_asked
from kapteam.web.signing import check_proof, facts_of, status_of

_BOTH = "both"
_PARTS = {_BOTH: tuple(RecordPart)} | {one.value: (one,) for one in RecordPart}


class RecordSigningPages:
    """The page of a signature on a session's record, of one part or of both.

    `demo_password` opens the demo, and is told only there.
    """

    def __init__(self, demo_password: str) -> None:
        self._demo_password = demo_password

    def ask_signature(self, request: Request) -> Response:
        """Whose record it is, and the text of what is signed, to the letter."""
        return self._answer(request, None)

    def sign(self, request: Request, form: Mapping[str, list[str]]) -> Response:
        """Sign the text that was shown, then go back to the session."""
        return self._answer(request, form)

    def _answer(self, request: Request, form: Mapping[str, list[str]] | None) -> Response:
        session_id = request.path_params["session_id"]
        parts = _PARTS.get(request.path_params["parts"])
        signer = person_at(request)
        if signer is None:
            return _go(f"{door(request)}?next={quote(_session_path(session_id), safe='')}")
        try:
            if parts is None:
                raise NotFound("There is no such part of a record.")
            refused = _try_to_sign(signer, session_id, parts, form) if form is not None else None
            return self._page(request, signer, session_id, parts, form, refused)
        except NotFound as gone:
            return message(404, "There is no such record", str(gone))
        except Refused as refusal:
            return message(403, "You cannot sign this record", str(refusal))

    def _page(
        self,
        request: Request,
        signer: Person,
        session_id: str,
        parts: tuple[RecordPart, ...],
        form: Mapping[str, list[str]] | None,
        refused: Refused | None,
    ) -> Response:
        asked = signer.asked
        shown = _read(signer, session_id, parts)
        if not shown.texts:
            return _go(_session_path(session_id))
        with signer.database.reading() as db:
            client = client_of(db, shown.client_id)
            proof = proof_asked(
                db,
                request,
                asked.viewer.clinician_id,
                signer.token,
                asked.now,
                page=request.url.path,
                form=form,
                invalid=refused if isinstance(refused, Invalid) else None,
                demo_password=self._demo_password if signer.is_demo else "",
            )
        return page(
            "sign_record.html",
            status=status_of(refused),
            title=" and the ".join(part.label.lower() for part in shown.texts),
            texts=list(shown.texts.values()),
            seen={part.value: seen for part, seen in shown.seen.items()},
            facts=facts_of(asked, client),
            asked=proof,
            changed=str(refused) if isinstance(refused, Conflict) else "",
            back=_session_path(session_id),
            demo_password=self._demo_password if signer.is_demo else "",
        )


def _read(signer: Person, session_id: str, parts: tuple[RecordPart, ...]) -> RecordToSign:
    """The text, and before it is shown that it was (rule 63)."""
    viewer, now = signer.asked.viewer, signer.asked.now
    with signer.database.writing() as db:
        shown = record_to_sign(db, viewer, session_id, parts, now)
        if shown.texts and not seen_this_hour(db, signer.asked, shown.client_id):
            record_view(db, viewer, shown.client_id, now)
    return shown


def _try_to_sign(
    signer: Person,
    session_id: str,
    parts: tuple[RecordPart, ...],
    form: Mapping[str, list[str]],
) -> Invalid | Conflict | None:
    """Sign, or say why not. What is signed already asks for nothing."""
    viewer, now = signer.asked.viewer, signer.asked.now
    if not _read(signer, session_id, parts).texts:
        return None
    seen = {one: form.get(f"seen_{one.value}", [""])[0] for one in parts}
    try:
        check_proof(signer, form, failed="ketamine_session:signing_failed")
        with signer.database.writing() as db:
            entered = SignRecordEntered(session_id, seen)
            sign_record(db, viewer, entered, now, by_pin=is_by_pin(form))
    except (Invalid, Conflict) as refused:
        return refused
    return None


def _session_path(session_id: str) -> str:
    return f"/ketamine_session?id={quote(session_id, safe='')}"


def _go(to: str) -> Response:
    return RedirectResponse(to, 303)
