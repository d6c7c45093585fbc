"""Signing a note: a plain page with the very text, which asks for the author's password or PIN."""

from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kapteam import wording
from kapteam.accounts.pins import check_pin, password_given
from kapteam.accounts.sign_ins import check_password
from kapteam.actions.notes import sign_note
from kapteam.actions.views import record_view
from kapteam.errors import Conflict, Invalid, NotFound, Refused
from kapteam.queries.client_names import ClientName
from kapteam.queries.notes import signing_page
from kapteam.queries.standing import Asked
from kapteam.queries.views import seen_this_hour
from kapteam.sentences import client_name
from kapteam.web.person import Person, door, person_at
from kapteam.web.plain import message, page
from kapteam.web.proof import is_by_pin, proof_asked

_UNREADABLE, _CONFLICT = 422, 409
_NO_PASSWORD = "Type your password to sign."  # noqa: S105 - a sentence


class SigningPages:
    """The page of one note's signature. `demo_password` opens the demo, and is told only there."""

    def __init__(self, demo_password: str) -> None:
        self._demo_password = demo_password

    def ask_signature(self, request: Request) -> Response:
        """Whose note it is, the text to the letter, and what still keeps it from being signed."""
        return self._answer(request, None)

    def sign(self, request: Request, form: Mapping[str, list[str]]) -> Response:
        """Sign the text that was shown, then go back to the note."""
        return self._answer(request, form)

    def _answer(self, request: Request, form: Mapping[str, list[str]] | None) -> Response:
        note_id = request.path_params["note_id"]
        signer = person_at(request)
        if signer is None:
            return _go(f"{door(request)}?next={quote(_note_path(note_id), safe='')}")
        try:
            refused = _try_to_sign(signer, note_id, form) if form is not None else None
            return self._page(request, signer, note_id, form, refused)
        except NotFound as gone:
            return message(404, "There is no such note", str(gone))
        except Refused as refusal:
            return message(403, "You cannot sign this note", str(refusal))

    def _page(
        self,
        request: Request,
        signer: Person,
        note_id: str,
        form: Mapping[str, list[str]] | None,
        refused: Refused | None,
    ) -> Response:
        with signer.database.reading() as db:
            shown = signing_page(db, signer.asked, note_id)
            seen = shown is None or seen_this_hour(db, signer.asked, shown.client.id)
            asked = proof_asked(
                db,
                request,
                signer.asked.viewer.clinician_id,
                signer.token,
                signer.asked.now,
                page=request.url.path,
                form=form,
                invalid=refused if isinstance(refused, Invalid) else None,
                demo_password=self._demo_password if signer.is_demo else "",
            )
        if shown is None:
            return _go(_note_path(note_id))
        if not seen:
            # Rule 63: it is on record before anything of it is shown.
            with signer.database.writing() as db:
                record_view(db, signer.asked.viewer, shown.client.id, signer.asked.now)
        return page(
            "sign.html",
            status=status_of(refused),
            shown=shown,
            facts=facts_of(signer.asked, shown.client),
            asked=asked,
            changed=str(refused) if isinstance(refused, Conflict) else "",
            back=_note_path(note_id),
            demo_password=self._demo_password if signer.is_demo else "",
        )


def _try_to_sign(
    signer: Person, note_id: str, form: Mapping[str, list[str]]
) -> Invalid | Conflict | None:
    """Sign, or say why not. What the page itself will say again (its problems) needs no answer."""
    asked = signer.asked
    seen = form.get("seen", [""])[0]
    with signer.database.reading() as db:
        if signing_page(db, asked, note_id) is None:
            return None
    try:
        check_proof(signer, form, failed="note:signing_failed")
        with signer.database.writing() as db:
            sign_note(db, asked.viewer, note_id, seen, asked.now, by_pin=is_by_pin(form))
    except (Invalid, Conflict) as refused:
        return refused
    return None


def check_proof(signer: Person, form: Mapping[str, list[str]], *, failed: str) -> None:
    """Ask who signs for their PIN or password, as the form was sent with one of the two.

    `failed` is the audit event of a wrong password. Raises Invalid (`pin`, `password`).
    """
    who, now = signer.asked.viewer.clinician_id, signer.asked.now
    if is_by_pin(form):
        check_pin(signer.database, who, signer.token, form["pin"][0], now, at="signing")
        return
    typed = form.get("password", [""])[0]
    if not typed:
        raise Invalid({"password": _NO_PASSWORD})
    check_password(signer.database, who, typed, now, failed=failed)
    password_given(signer.database, who, signer.token, now)


def facts_of(asked: Asked, client: ClientName) -> dict[str, str]:
    """Whom it is about, by two identifiers; with others in the room without the birth date."""
    facts = {"Client": client_name(asked.viewer, client), "Code": client.code}
    if not asked.viewer.hides_names:
        facts["Born"] = wording.born(client.born_on, asked.today)
    return facts


def status_of(refused: Refused | None) -> int:
    if refused is None:
        return 200
    return _CONFLICT if isinstance(refused, Conflict) else _UNREADABLE


def _note_path(note_id: str) -> str:
    return f"/note?id={quote(note_id, safe='')}"


def _go(to: str) -> Response:
    return RedirectResponse(to, 303)
