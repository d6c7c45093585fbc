"""The plain pages of a shared screen: a colleague joins, the one or the other acts, one leaves."""

from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kapteam.accounts import shared_screen
from kapteam.accounts.pins import check_pin, password_given
from kapteam.accounts.shared_screen import Joining
from kapteam.accounts.sign_ins import check_password, leave
from kapteam.demo.people import PRESCRIBER, THERAPIST
from kapteam.errors import Invalid
from kapteam.vocabulary import Audience
from kapteam.web.cookies import with_cookie
from kapteam.web.person import Person, door, person_at
from kapteam.web.plain import local_path, page
from kapteam.web.proof import is_by_pin, proof_asked
from kapteam.web.sockets import Sockets

_UNREADABLE = 422
_NO_PASSWORD = "Type your password."  # noqa: S105 - a sentence
_PIN_TODAY = "A PIN of this browser is enough once the password was given here today."
Form = Mapping[str, list[str]]


class SharedScreenPages:
    """The handlers. `demo_password` opens the demo, and is told only there."""

    def __init__(self, sockets: Sockets, demo_password: str) -> None:
        self._sockets = sockets
        self._demo_password = demo_password

    def ask_join(self, request: Request) -> Response:
        """Who joins, by which proof, and who can see the screen from then on."""
        person = person_at(request)
        return (
            _go(door(request))
            if person is None
            else self._join_page(person, {"next": [request.query_params.get("next", "/")]}, None)
        )

    def join(self, request: Request, form: Form) -> Response:
        """Add a colleague; the cookie's token is replaced."""
        person = person_at(request)
        if person is None:
            return _go(door(request))
        try:
            token = shared_screen.join(
                person.database, person.asked.viewer, person.token, _joining(form), person.asked.now
            )
        except Invalid as invalid:
            return self._join_page(person, form, invalid)
        return with_cookie(request, person.practice, token, _go(local_path(_one(form, "next"))))

    def ask_act(self, request: Request) -> Response:
        """What the colleague beside gives who wants to act."""
        return self._act_page(request, local_path(request.query_params.get("next", "/")))

    def act(self, request: Request, form: Form) -> Response:
        """The colleague beside acts from now on, in every tab; the cookie's token is replaced."""
        person, wanted = person_at(request), local_path(_one(form, "next"))
        if person is None:
            return _go(door(request))
        other = person.asked.viewer.beside
        if other is None or other.clinician_id != _one(form, "who"):
            # The page was drawn before somebody left, or before the two changed places.
            return _go(wanted)
        try:
            token = shared_screen.switch(
                person.database,
                person.asked.viewer,
                lambda who: _check(person, who, form),
                person.asked.now,
                by_pin=is_by_pin(form),
            )
        except Invalid as invalid:
            return self._act_page(request, wanted, form, invalid)
        self._sockets.close(person.key)
        return with_cookie(request, person.practice, token, _go(wanted))

    def leave(self, request: Request, form: Form) -> Response:
        """One of the two leaves; a screen that loses who acted asks the other for PIN or password.

        Nobody proves anything for it: whoever is gone can do less than before.
        """
        person = person_at(request)
        if person is None:
            return _go(door(request))
        viewer = person.asked.viewer
        who = request.query_params.get("who", "")
        here = {viewer.clinician_id, viewer.beside.clinician_id if viewer.beside else ""}
        if viewer.beside is None or who not in here:
            return _go("/")
        with person.database.writing() as db:
            leave(db, viewer.sign_in_id, who, viewer, person.asked.now)
        if who == viewer.clinician_id:
            self._sockets.close(person.key)
            return _go(f"/session/locked?next={quote('/', safe='')}")
        return _go("/")

    def _join_page(self, person: Person, form: Form, invalid: Invalid | None) -> Response:
        viewer = person.asked.viewer
        other = PRESCRIBER if viewer.clinician_id == THERAPIST.id else THERAPIST
        return page(
            "join.html",
            status=200 if invalid is None else _UNREADABLE,
            acting=viewer.name,
            wanted=local_path(_one(form, "next")),
            name=_one(form, "name"),
            name_hint=f"In the demo: {other.sign_in_name}" if person.is_demo else "",
            secret_hint=f'{_PIN_TODAY} In the demo the password is "{self._demo_password}".'
            if person.is_demo
            else _PIN_TODAY,
            audience=_one(form, "audience"),
            audiences=list(Audience),
            errors={} if invalid is None else invalid.fields,
            demo_password=self._demo_password if person.is_demo else "",
        )

    def _act_page(
        self,
        request: Request,
        wanted: str,
        form: Form | None = None,
        invalid: Invalid | None = None,
    ) -> Response:
        person = person_at(request)
        if person is None:
            return _go(door(request))
        viewer = person.asked.viewer
        if viewer.beside is None:
            return _go(wanted)
        demo_password = self._demo_password if person.is_demo else ""
        with person.database.reading() as db:
            asked = proof_asked(
                db,
                request,
                viewer.beside.clinician_id,
                person.token,
                person.asked.now,
                page=f"/session/act?next={quote(wanted, safe='')}",
                form=form,
                invalid=invalid,
                demo_password=demo_password,
            )
        return page(
            "act.html",
            status=200 if invalid is None else _UNREADABLE,
            who=viewer.beside,
            acting=viewer.name,
            asked=asked,
            wanted=wanted,
            demo_password=demo_password,
        )


def _joining(form: Form) -> Joining:
    """What was filled in. Raises Invalid: what is missing, before anything is tried."""
    name, secret, audience = (_one(form, one) for one in ("name", "password", "audience"))
    missing = {
        "name": "Type the sign-in name of your colleague." if not name.strip() else "",
        "password": "Type the password, or the PIN." if not secret else "",
        "audience": "Say who can see this screen." if audience not in set(Audience) else "",
    }
    if any(missing.values()):
        raise Invalid({field: sentence for field, sentence in missing.items() if sentence})
    return Joining(name, secret, Audience(audience))


def _check(person: Person, who: str, form: Form) -> None:
    """Ask the one who is to act for PIN or password. Raises Invalid."""
    here, now = person.database, person.asked.now
    if is_by_pin(form):
        check_pin(here, who, person.token, _one(form, "pin"), now, at="acting")
        return
    typed = _one(form, "password")
    if not typed:
        raise Invalid({"password": _NO_PASSWORD})
    check_password(here, who, typed, now, failed="signin:act_failed")
    password_given(here, who, person.token, now)


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def _go(to: str) -> Response:
    return RedirectResponse(to, 303)
