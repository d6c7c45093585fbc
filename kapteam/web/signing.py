"""Signing a note: a plain page with the very text, which asks for the author's password."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kapteam import clock, wording
from kapteam.accounts.sign_ins import LiveSignIn, check_password, viewer_of
from kapteam.actions.notes import sign_note
from kapteam.actions.views import record_view
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.practices import DEMO, database
from kapteam.errors import Conflict, Invalid, NotFound, Refused
from kapteam.queries.client_names import ClientName
from kapteam.queries.notes import signing_page
from kapteam.queries.standing import Asked
from kapteam.queries.views import seen_this_hour
from kapteam.sentences import client_name
from kapteam.web.plain import message, page
from kapteam.web.visitor import visitor_of

_UNREADABLE, _CONFLICT = 422, 409
_NO_PASSWORD = "Type your password to sign."  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True)
class _Signer:
    """Who is at this browser, and of which practice."""

    asked: Asked
    database: Database
    is_demo: bool


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
        signer = _signer(request)
        if signer is None:
            return _door(request, note_id)
        try:
            refused = _try_to_sign(signer, note_id, form) if form is not None else None
            return self._page(signer, note_id, refused)
        except NotFound as gone:
            return message(404, "There is no such note", str(gone))
        except Refused as refusal:
            return message(403, "You cannot sign this note", str(refusal))

    def _page(self, signer: _Signer, note_id: str, refused: Refused | None) -> Response:
        with signer.database.reading() as db:
            shown = signing_page(db, signer.asked, note_id)
            seen = shown is None or seen_this_hour(db, signer.asked, shown.client.id)
        if shown is None:
            return _go(_note_path(note_id))
        if not seen:
            # Rule 63: it is on record before anything of it is shown.
            with signer.database.writing() as db:
                record_view(db, signer.asked.viewer, shown.client.id, signer.asked.now)
        invalid = refused.fields if isinstance(refused, Invalid) else {}
        return page(
            "sign.html",
            status=_status(refused),
            shown=shown,
            facts=_facts(signer.asked, shown.client),
            errors={"password": invalid["password"]} if "password" in invalid else {},
            changed=str(refused) if isinstance(refused, Conflict) else "",
            back=_note_path(note_id),
            demo_password=self._demo_password if signer.is_demo else "",
        )


def _try_to_sign(
    signer: _Signer, note_id: str, form: Mapping[str, list[str]]
) -> Invalid | Conflict | None:
    """Sign, or say why not. What the page itself will say again (its problems) needs no answer."""
    asked = signer.asked
    password = form.get("password", [""])[0]
    seen = form.get("seen", [""])[0]
    with signer.database.reading() as db:
        if signing_page(db, asked, note_id) is None:
            return None
    if not password:
        return Invalid({"password": _NO_PASSWORD})
    try:
        check_password(
            signer.database,
            asked.viewer.clinician_id,
            password,
            asked.now,
            failed="note:signing_failed",
        )
        with signer.database.writing() as db:
            sign_note(db, asked.viewer, note_id, seen, asked.now)
    except (Invalid, Conflict) as refused:
        return refused
    return None


def _signer(request: Request) -> _Signer | None:
    """Who may go on at this browser; None when locked, ended or never signed in."""
    now = clock.now()
    visitor = visitor_of(request, now)
    if not isinstance(visitor.sign_in, LiveSignIn):
        return None
    here = database(visitor.practice)
    with here.reading() as db:
        viewer = viewer_of(db, visitor.sign_in.id, now)
        practice = practice_in_force(db, now)
    if viewer is None or practice is None:
        return None
    return _Signer(Asked(viewer, practice, now), here, visitor.practice == DEMO)


def _door(request: Request, note_id: str) -> Response:
    """Unlock or sign in first, then back to the note."""
    door = "locked" if visitor_of(request, clock.now()).sign_in else "sign-in"
    return _go(f"/session/{door}?next={quote(_note_path(note_id), safe='')}")


def _facts(asked: Asked, client: ClientName) -> dict[str, str]:
    """Whose note it is, by two identifiers; with others in the room without the birth date."""
    facts = {"Client": client_name(asked.viewer, client), "Code": client.code}
    if not asked.viewer.hides_names:
        facts["Born"] = wording.born(client.born_on, asked.today)
    return facts


def _status(refused: Refused | None) -> int:
    if refused is None:
        return 200
    return _CONFLICT if isinstance(refused, Conflict) else _UNREADABLE


def _note_path(note_id: str) -> str:
    return f"/note?id={quote(note_id, safe='')}"


def _go(to: str) -> Response:
    return RedirectResponse(to, 303)
