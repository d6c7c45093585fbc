"""What is typed in a note, as the guard script sends it at every pause, kept without a page's run.

The request and the answer are JSON (decision 60). Nothing is reached but the acting person's own
unsigned notes, through the action that every other save of a draft goes through, and what is agreed
in a case review that they are in.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kapteam import sentences
from kapteam.actions.case_reviews import save_words
from kapteam.actions.notes import save_draft
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Refused, Unavailable
from kapteam.ids import is_id
from kapteam.queries.case_review import words_of
from kapteam.queries.notes import draft_of
from kapteam.queries.standing import Asked
from kapteam.rules.case_review import AGREED
from kapteam.web.person import Person, person_at

_JSON = "application/json"
_STATUS: dict[type[Refused], int] = {
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    Unavailable: 503,
}
_BY_ANOTHER = "Somebody else acts at this screen now. It is saved once you act again."
_NO_NOTE = "There is no such note, or you are not on its course of care."


@dataclass(frozen=True, slots=True)
class _Typed:
    """One field of a note as it stands in a tab: its text, and the version it was typed over.

    `by` is the key of who acted when the tab was opened (`visitor.key_of`), whose text it is.
    `unanswered` is what the tab sent before without an answer; None for nothing.
    """

    note: str
    field: str
    text: str
    version: int
    by: str
    unanswered: str | None = None


def keep_draft(request: Request, body: bytes) -> Response:
    """Keep one field of a note; the answer says what is kept now, read from the committed row.

    200 with `version` and `saved` ("Saved 2:03:22 pm"). 409 with the `text`, `version` and `saved`
    of another tab, or without them when the note is signed. Else `sentence` says why not: 400 and
    415 for what no page of ours sends, 401 signed out, 403, 404, 422, and 503 while the database is
    gone.
    """
    if request.headers.get("content-type") != _JSON:
        return _refused(415, "Only what a page of kapteam sends is taken.")
    typed = _read(body)
    if typed is None:
        return _refused(400, "Only what a page of kapteam sends is taken.")
    try:
        person = person_at(request)
        if person is None:
            return _refused(401, "Sign in first.")
        if person.key != typed.by:
            return _refused(401, _BY_ANOTHER)
        return _keep(person, typed)
    except Refused as refusal:
        status = next((code for kind, code in _STATUS.items() if isinstance(refusal, kind)), 503)
        return _refused(status, str(refusal))


def _keep(person: Person, typed: _Typed) -> Response:
    here, asked = person.database, person.asked
    if not is_id(typed.note):
        raise NotFound(_NO_NOTE)
    save, read = (_save_agreed, _agreed) if typed.field == AGREED.key else (_save_in_note, _in_note)
    try:
        with here.writing() as db:
            version, saved_at = save(db, asked, typed)
    except Conflict as conflict:
        with here.reading() as db:
            theirs = read(db, asked, typed)
        if theirs is None:
            raise
        return JSONResponse({"sentence": str(conflict), **theirs}, _STATUS[Conflict])
    saved = sentences.saved(saved_at, asked.now, asked.practice.zone)
    return JSONResponse({"version": version, "saved": saved})


def _save_in_note(db: Session, asked: Asked, typed: _Typed) -> tuple[int, datetime]:
    kept = save_draft(
        db,
        asked.viewer,
        typed.note,
        typed.field,
        typed.text,
        typed.version,
        asked.now,
        unanswered=typed.unanswered,
    )
    return kept.version, kept.saved_at


def _in_note(db: Session, asked: Asked, typed: _Typed) -> dict[str, Any] | None:
    kept = draft_of(db, asked, typed.note, typed.field)
    if kept is None:
        return None
    saved = sentences.saved_elsewhere(kept.saved_at, asked.now, asked.practice.zone)
    return {"text": kept.text, "version": kept.version, "saved": saved}


def _save_agreed(db: Session, asked: Asked, typed: _Typed) -> tuple[int, datetime]:
    item = save_words(
        db,
        asked.viewer,
        typed.note,
        typed.text,
        typed.version,
        asked.now,
        unanswered=typed.unanswered,
    )
    return item.typed_version, item.typed_at or asked.now


def _agreed(db: Session, asked: Asked, typed: _Typed) -> dict[str, Any] | None:
    kept = words_of(db, asked, typed.note)
    if kept is None:
        return None
    saved = sentences.saved_by(kept.by, kept.at, asked.now, asked.practice.zone)
    return {"text": kept.text, "version": kept.version, "saved": saved}


def _read(body: bytes) -> _Typed | None:
    """What a request says, or None when it is not what the guard sends."""
    try:
        said: Any = json.loads(body)
        typed = _Typed(**said)
    except (ValueError, TypeError, RecursionError):
        return None
    words = (typed.note, typed.field, typed.text, typed.by)
    is_good = (
        all(isinstance(one, str) for one in words)
        and isinstance(typed.unanswered, str | None)
        and type(typed.version) is int
        and typed.version >= 0
    )
    return typed if is_good else None


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"sentence": sentence}, status)
