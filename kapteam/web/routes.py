"""The plain pages under /session/: set-up, the demo, sign-in, lock, one-time links; all routes."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from kapteam import clock, demo
from kapteam.accounts import set_up, sign_ins, zones
from kapteam.accounts.own_password import change_password
from kapteam.accounts.pins import password_given, unlock_by_pin
from kapteam.accounts.sign_ins import LockedSignIn, Started
from kapteam.actions.team import OwnPhoneEntered, change_own_phone
from kapteam.db.practices import DEMO, PRACTICE, database
from kapteam.errors import Conflict, Invalid, NotFound, Unavailable, Unchanged
from kapteam.queries.practice import own_phone
from kapteam.rules.permissions import Beside, Viewer
from kapteam.vocabulary import Function
from kapteam.web.cookies import forgotten, with_cookie
from kapteam.web.drafts import keep_draft
from kapteam.web.gate import SIGN_IN_HEADER, Entrance, is_set_up
from kapteam.web.person import drawn_for_another
from kapteam.web.pins import PinPages
from kapteam.web.plain import local_path, message, page
from kapteam.web.proof import is_by_pin, proof_asked
from kapteam.web.record_signing import RecordSigningPages
from kapteam.web.shared_screen import SharedScreenPages
from kapteam.web.signing import SigningPages
from kapteam.web.strip import right_now_unnamed
from kapteam.web.visitor import Visitor, browser_key, browser_token, visitor_of

DEMO_PASSWORD = "explore the demo"  # noqa: S105 - opens fictional people only, and the pages say it
_ASSETS = Path(__file__).parent / "assets"
_UNREADABLE = 422
Form = dict[str, list[str]]


def plain_routes(entrance: Entrance) -> list[BaseRoute]:
    """Every route of ours, to stand before Streamlit's."""
    pages = PlainPages(entrance)
    signing, pin = SigningPages(DEMO_PASSWORD), PinPages(DEMO_PASSWORD)
    shared = SharedScreenPages(entrance.sockets, DEMO_PASSWORD)
    of_records = RecordSigningPages(DEMO_PASSWORD)
    under_session = [
        *[_file(path, path.name) for path in sorted(_ASSETS.iterdir())],
        _file(entrance.shell.font, "source-sans.woff2"),
        _shown("/welcome", pages.welcome),
        _shown("/set-up", pages.ask_set_up),
        _posted("/set-up", pages.set_up),
        _posted("/demo", pages.enter_demo),
        _posted("/demo/switch", pages.switch_in_demo),
        _posted("/demo/leave", pages.leave_demo),
        _shown("/sign-in", pages.ask_sign_in),
        _posted("/sign-in", pages.sign_in),
        _shown("/locked", pages.ask_unlock),
        _posted("/locked", pages.unlock),
        _posted("/lock", pages.lock),
        _posted("/sign-out", pages.sign_out),
        _posted("/touch", pages.touch),
        _shown("/alive", pages.alive),
        WebSocketRoute("/heartbeat", pages.heartbeat),
        _shown("/invite/{token}", pages.ask_password),
        _posted("/invite/{token}", pages.choose_password),
        _shown("/password", pages.ask_new_password),
        _posted("/password", pages.change_password),
        _shown("/password/changed", pages.password_changed),
        _shown("/pin", pin.ask_pin),
        _posted("/pin", pin.set_pin),
        _shown("/pin/saved", pin.pin_saved),
        _posted("/pin/off", pin.turn_off),
        _shown("/join", shared.ask_join),
        _posted("/join", shared.join),
        _shown("/act", shared.ask_act),
        _posted("/act", shared.act),
        _posted("/leave", shared.leave),
        _shown("/phone", pages.ask_phone),
        _posted("/phone", pages.change_phone),
        _shown("/phone/saved", pages.phone_saved),
        _typed("/draft", keep_draft),
        _shown("/sign/{note_id}", signing.ask_signature),
        _posted("/sign/{note_id}", signing.sign),
        _shown("/sign-record/{session_id}/{parts}", of_records.ask_signature),
        _posted("/sign-record/{session_id}/{parts}", of_records.sign),
        _shown("/{rest:path}", _nothing_here),
    ]
    return [_shown("/health", _healthy), Mount("/session", routes=under_session)]


class PlainPages:
    """The handlers. Every form keeps what was typed, except passwords."""

    def __init__(self, entrance: Entrance) -> None:
        self._sockets = entrance.sockets

    def welcome(self, request: Request) -> Response:
        """The first page of an installation: set up, or look at the demo."""
        if is_set_up():
            return _go("/")
        return page("welcome.html")

    def ask_set_up(self, request: Request) -> Response:
        """The set-up form."""
        return _go("/") if is_set_up() else _set_up_page({})

    def set_up(self, request: Request, form: Form) -> Response:
        """Make the practice and sign its first administrator in."""
        now, device = clock.now(), _device(request)
        entered = set_up.NewPractice(
            practice_name=_one(form, "practice_name"),
            zone=_one(form, "zone"),
            name=_one(form, "name"),
            credentials=_one(form, "credentials"),
            sign_in_name=_one(form, "sign_in_name"),
            password=_one(form, "password"),
            functions=_functions(form),
            phone=_one(form, "phone"),
        )
        try:
            with database(PRACTICE).writing() as db:
                clinician_id = set_up.set_up_practice(db, entered, now)
                started = sign_ins.start_sign_in(db, clinician_id, device, now)
        except Invalid as invalid:
            return _set_up_page(form, invalid)
        except Conflict:
            # The second press of the button: whoever knows the new password is already in.
            return self.sign_in(request, {**form, "name": [entered.sign_in_name]})
        except Unavailable as gone:
            return _set_up_page(form, _beside_password(gone))
        return self._enter(request, PRACTICE, started, "/")

    def enter_demo(self, request: Request, form: Form) -> Response:
        """Open the demo practice as its therapist."""
        if is_set_up():
            return _go("/")
        now = clock.now()
        demo.open_demo(now)
        with database(DEMO).writing() as db:
            for clinician_id in (demo.THERAPIST_ID, demo.PRESCRIBER_ID):
                sign_ins.set_password(db, clinician_id, DEMO_PASSWORD)
            started = sign_ins.start_sign_in(db, demo.THERAPIST_ID, _device(request), now)
        return self._enter(request, DEMO, started, "/")

    def switch_in_demo(self, request: Request, form: Form) -> Response:
        """See the demo as the other of its two people."""
        now = clock.now()
        visitor = visitor_of(request, now)
        if visitor.practice != DEMO or visitor.sign_in is None:
            return _go("/")
        with database(DEMO).writing() as db:
            viewer = sign_ins.viewer_of(db, visitor.sign_in.id, now)
            if viewer is None:
                return _go("/")
            is_therapist = viewer.clinician_id == demo.THERAPIST_ID
            other = demo.PRESCRIBER_ID if is_therapist else demo.THERAPIST_ID
            if sign_ins.is_off(db, other):
                return message(
                    409,
                    "This sign-in is turned off",
                    "Turn it on again on Practice, or leave the demo and explore it anew.",
                )
            started = sign_ins.start_sign_in(db, other, _device(request), now)
        return self._enter(request, DEMO, started, "/")

    def leave_demo(self, request: Request, form: Form) -> Response:
        """Leave the demo for the practice itself, which is empty at first."""
        visitor = visitor_of(request, clock.now())
        if visitor.practice != DEMO:
            return _go("/")
        return self._leave(request, visitor, "/" if is_set_up() else "/session/set-up")

    def ask_sign_in(self, request: Request) -> Response:
        """The sign-in form."""
        wanted = local_path(request.query_params.get("next", "/"))
        if not is_set_up():
            return _go("/session/welcome")
        if visitor_of(request, clock.now()).is_live:
            return _go(wanted)
        return _sign_in_page({"next": [wanted]})

    def sign_in(self, request: Request, form: Form) -> Response:
        """Sign in and go on to the page that was asked for."""
        name, password = _one(form, "name"), _one(form, "password")
        try:
            if not is_set_up():
                return _go("/session/welcome")
            _need(name=(name, "Type your sign-in name."), password=(password, _NO_PASSWORD))
            practice = database(PRACTICE)
            started = sign_ins.sign_in(practice, name, password, _device(request), clock.now())
            browser = browser_token(request, PRACTICE)
            password_given(practice, started.clinician_id, browser, clock.now())
        except Invalid as invalid:
            return _sign_in_page(form, invalid)
        except Unavailable as gone:
            return _sign_in_page(form, _beside_password(gone))
        return self._enter(request, PRACTICE, started, local_path(_one(form, "next")))

    def ask_unlock(self, request: Request) -> Response:
        """The locked page."""
        wanted = local_path(request.query_params.get("next", "/"))
        visitor = visitor_of(request, clock.now())
        if not isinstance(visitor.sign_in, LockedSignIn):
            return _go(wanted)
        return _locked_page(request, visitor.practice, visitor.sign_in, wanted)

    def unlock(self, request: Request, form: Form) -> Response:
        """Unlock with the password, or the PIN; the cookie's token is replaced."""
        now, wanted = clock.now(), local_path(_one(form, "next"))
        visitor = visitor_of(request, now)
        locked = visitor.sign_in
        if not isinstance(locked, LockedSignIn):
            return _go(wanted)
        here, browser = database(visitor.practice), browser_token(request, visitor.practice)
        who = locked.of(_one(form, "who")).clinician_id
        try:
            if is_by_pin(form):
                token = unlock_by_pin(here, locked.id, browser, _one(form, "pin"), now, who=who)
            else:
                _need(password=(_one(form, "password"), _NO_PASSWORD))
                token = sign_ins.unlock(here, locked.id, _one(form, "password"), now, who=who)
                password_given(here, who, browser, now)
        except Invalid as invalid:
            return _locked_page(request, visitor.practice, locked, wanted, form, invalid)
        return with_cookie(request, visitor.practice, token, _go(wanted))

    def lock(self, request: Request, form: Form) -> Response:
        """Lock this browser."""
        now = clock.now()
        wanted = quote(local_path(request.query_params.get("next", "/")), safe="")
        try:
            visitor = visitor_of(request, now)
            if visitor.sign_in is not None:
                with self._closed_after(visitor), database(visitor.practice).writing() as db:
                    sign_ins.lock(db, visitor.sign_in.id, now)
        except Unavailable:
            # A lock that is not kept would open by itself, so this browser is signed out.
            return forgotten(request, _go(f"/session/sign-in?next={wanted}"))
        return _go(f"/session/locked?next={wanted}")

    def sign_out(self, request: Request, form: Form) -> Response:
        """End this browser's sign-in."""
        try:
            return self._leave(request, visitor_of(request, clock.now()), "/")
        except Unavailable:
            return forgotten(request, _go("/"))

    def touch(self, request: Request, form: Form) -> Response:
        """The person is active."""
        now = clock.now()
        visitor = visitor_of(request, now)
        if visitor.sign_in is not None and visitor.is_live:
            with database(visitor.practice).writing() as db:
                sign_ins.touch(db, visitor.sign_in.id, now)
        return _alive(visitor)

    def alive(self, request: Request) -> Response:
        """200 while the person may go on, else 401. Asking is not an activity.

        The body is the sign-in's key (`practice.<id>`), of a locked one too; empty signed out.
        """
        return _alive(visitor_of(request, clock.now()))

    async def heartbeat(self, websocket: WebSocket) -> None:
        """The guard's heartbeat, for whom the gate lets in; it tells and is told nothing."""
        await websocket.accept()
        telling = asyncio.create_task(self._tell(websocket))
        try:
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            telling.cancel()

    async def _tell(self, websocket: WebSocket) -> None:
        async for news in self._sockets.heartbeat(websocket.headers[SIGN_IN_HEADER]):
            await websocket.send_text(news)

    def ask_password(self, request: Request) -> Response:
        """The page of a one-time link."""
        return _invitation_page(request)

    def choose_password(self, request: Request, form: Form) -> Response:
        """Use the one-time link up, and sign in."""
        now, token = clock.now(), request.path_params["token"]
        try:
            with database(PRACTICE).writing() as db:
                clinician_id = set_up.accept_invitation(db, token, _one(form, "password"), now)
                started = sign_ins.start_sign_in(db, clinician_id, _device(request), now)
        except Invalid as invalid:
            return _invitation_page(request, invalid)
        except NotFound as gone:
            return message(404, "This link does not open anything", str(gone))
        return self._enter(request, PRACTICE, started, "/")

    def ask_new_password(self, request: Request) -> Response:
        """The form that changes one's own password."""
        visitor = visitor_of(request, clock.now())
        return _no_password_here(visitor) or _password_page(visitor)

    def change_password(self, request: Request, form: Form) -> Response:
        """Change the password; the person's other browsers are signed out at once."""
        now = clock.now()
        visitor = visitor_of(request, now)
        closed = _no_password_here(visitor) or drawn_for_another(form, visitor.key)
        if closed or visitor.sign_in is None:
            return closed or _go("/")
        old, new = _one(form, "password"), _one(form, "new_password")
        try:
            _need(password=(old, _NO_PASSWORD), new_password=(new, "Type the new password."))
            changed = change_password(database(PRACTICE), visitor.sign_in.id, old, new, now)
        except Invalid as invalid:
            return _password_page(visitor, invalid)
        for sign_in_id in changed.ended:
            self._sockets.close_all(browser_key(PRACTICE, sign_in_id))
        return with_cookie(request, PRACTICE, changed.token, _go("/session/password/changed"))

    def password_changed(self, request: Request) -> Response:
        """What the change of a password did."""
        return message(
            200,
            "Your password is changed",
            "Wherever else you were signed in, you are signed out. If you had a PIN, set it again.",
        )

    def ask_phone(self, request: Request) -> Response:
        """The form for the number at which colleagues reach one."""
        now = clock.now()
        return _phone_page(visitor_of(request, now), now)

    def change_phone(self, request: Request, form: Form) -> Response:
        """Keep one's own number."""
        now = clock.now()
        visitor = visitor_of(request, now)
        another = drawn_for_another(form, visitor.key) if visitor.is_live else None
        if another is not None:
            return another
        typed, version = _one(form, "phone"), _one(form, "version")
        entered = OwnPhoneEntered(int(version) if version.isdecimal() else 0, typed)
        try:
            with database(visitor.practice).writing() as db:
                viewer = _viewer(db, visitor, now)
                if viewer is None:
                    return _door(visitor)
                change_own_phone(db, viewer, entered, now)
        except Unchanged:
            return _go("/")
        except Invalid as invalid:
            return _phone_page(visitor, now, typed, invalid)
        except Conflict as conflict:
            theirs = conflict.theirs.get("phone") or "empty"
            both = f"Saved by somebody else: {theirs}. Save again to put yours in its place."
            return _phone_page(visitor, now, typed, Invalid({"phone": both}))
        return _go("/session/phone/saved")

    def phone_saved(self, request: Request) -> Response:
        """What saving one's number did."""
        return message(200, "Your phone is saved", "Colleagues see it from now on.")

    def _enter(self, request: Request, practice: str, started: Started, to: str) -> Response:
        """Hand out the new cookie; whoever was signed in at this browser before is not any more."""
        before = visitor_of(request, clock.now())
        self._end(before)
        return with_cookie(request, practice, started.token, _go(to))

    def _leave(self, request: Request, visitor: Visitor, to: str) -> Response:
        self._end(visitor)
        return forgotten(request, _go(to))

    def _end(self, visitor: Visitor) -> None:
        if visitor.sign_in is not None:
            with self._closed_after(visitor), database(visitor.practice).writing() as db:
                sign_ins.end(db, visitor.sign_in.id, clock.now())

    @contextmanager
    def _closed_after(self, visitor: Visitor) -> Iterator[None]:
        """The visitor's websockets close after this block, also when it could not be saved."""
        try:
            yield
        finally:
            self._sockets.close(visitor.key)


_NO_PASSWORD = "Type your password."  # noqa: S105 - a sentence


def _set_up_page(form: Form, invalid: Invalid | None = None) -> Response:
    return page(
        "set_up.html",
        status=_status(invalid),
        typed={
            name: _one(form, name) for name in ("practice_name", "name", "credentials", "phone")
        },
        sign_in_name=_one(form, "sign_in_name"),
        zone=_one(form, "zone") or zones.USUAL,
        near_zones=zones.NEAR,
        far_zones=zones.far(),
        functions=list(Function),
        chosen=_functions(form),
        errors=_errors(invalid),
    )


def _no_password_here(visitor: Visitor) -> Response | None:
    """Where somebody who may not change a password here is sent; None for who may."""
    if visitor.practice == DEMO:
        return message(
            403, "The demo's password stays", "Everybody opens the demo with the same one."
        )
    return None if visitor.is_live else _door(visitor)


def _door(visitor: Visitor) -> Response:
    """Where somebody goes who may not go on."""
    return _go("/session/locked" if visitor.sign_in else "/session/sign-in")


def _viewer(db: Session, visitor: Visitor, now: datetime) -> Viewer | None:
    return sign_ins.viewer_of(db, visitor.sign_in.id, now) if visitor.sign_in else None


def _phone_page(
    visitor: Visitor, now: datetime, typed: str | None = None, invalid: Invalid | None = None
) -> Response:
    with database(visitor.practice).reading() as db:
        viewer = _viewer(db, visitor, now)
        if viewer is None:
            return _door(visitor)
        phone, version = own_phone(db, viewer)
    return page(
        "phone.html",
        status=_status(invalid),
        acting=visitor.key,
        phone=phone if typed is None else typed,
        version=version,
        errors=_errors(invalid),
    )


def _password_page(visitor: Visitor, invalid: Invalid | None = None) -> Response:
    return page(
        "password.html", status=_status(invalid), acting=visitor.key, errors=_errors(invalid)
    )


def _sign_in_page(form: Form, invalid: Invalid | None = None) -> Response:
    return page(
        "sign_in.html",
        status=_status(invalid),
        name=_one(form, "name"),
        wanted=local_path(_one(form, "next")),
        errors=_errors(invalid),
    )


def _locked_page(
    request: Request,
    practice: str,
    sign_in: LockedSignIn,
    wanted: str,
    form: Form | None = None,
    invalid: Invalid | None = None,
) -> Response:
    demo_password = DEMO_PASSWORD if practice == DEMO else ""
    address = f"/session/locked?next={quote(wanted, safe='')}"
    who = sign_in.of(_one(form, "who") if form else request.query_params.get("who", ""))
    people = [Beside(sign_in.clinician_id, sign_in.name), sign_in.beside]
    with database(practice).reading() as db:
        asked = proof_asked(
            db,
            request,
            who.clinician_id,
            browser_token(request, practice),
            clock.now(),
            page=f"{address}&who={who.clinician_id}" if sign_in.beside else address,
            form=form,
            invalid=invalid,
            demo_password=demo_password,
        )
        under_medicine = right_now_unnamed(db, sign_in.id, clock.now())
    return page(
        "locked.html",
        under_medicine=under_medicine,
        status=_status(invalid),
        who=who,
        others=[one for one in people if one is not None and one != who],
        asked=asked,
        address=address,
        demo_password=demo_password,
        wanted=wanted,
    )


def _invitation_page(request: Request, invalid: Invalid | None = None) -> Response:
    try:
        with database(PRACTICE).reading() as db:
            invited = set_up.invitation_of(db, request.path_params["token"], clock.now())
    except NotFound as gone:
        return message(404, "This link does not open anything", str(gone))
    return page("invite.html", status=_status(invalid), invited=invited, errors=_errors(invalid))


def _status(invalid: Invalid | None) -> int:
    return 200 if invalid is None else _UNREADABLE


def _errors(invalid: Invalid | None) -> dict[str, str]:
    return {} if invalid is None else invalid.fields


def _beside_password(gone: Unavailable) -> Invalid:
    """Where it is read on a form: the one field that has to be filled in again."""
    return Invalid({"password": str(gone)})


def _need(**fields: tuple[str, str]) -> None:
    missing = {name: sentence for name, (typed, sentence) in fields.items() if not typed.strip()}
    if missing:
        raise Invalid(missing)


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def _functions(form: Form) -> frozenset[Function]:
    return frozenset(Function(one) for one in form.get("functions", []) if one in set(Function))


def _device(request: Request) -> str:
    return request.headers.get("user-agent", "")


def _go(to: str) -> RedirectResponse:
    return RedirectResponse(to, 303)


def _alive(visitor: Visitor) -> Response:
    return PlainTextResponse(visitor.key, 200 if visitor.is_live else 401)


def _healthy(request: Request) -> Response:
    return PlainTextResponse("ok")


def _nothing_here(request: Request) -> Response:
    return message(404, "There is no such page", "Check the address.")


def _file(path: Path, name: str) -> Route:
    async def answer(request: Request) -> Response:
        return FileResponse(path)

    return Route(f"/{name}", answer)


def _shown(path: str, handler: Callable[[Request], Response]) -> Route:
    async def answer(request: Request) -> Response:
        return await run_in_threadpool(handler, request)

    return Route(path, answer, name=path)


def _posted(path: str, handler: Callable[[Request, Form], Response]) -> Route:
    async def answer(request: Request) -> Response:
        async with request.form() as sent:
            form = {
                name: [value for value in sent.getlist(name) if isinstance(value, str)] or [""]
                for name in sent
            }
        return await run_in_threadpool(handler, request, form)

    return Route(path, answer, methods=["POST"], name=path)


def _typed(path: str, handler: Callable[[Request, bytes], Response]) -> Route:
    async def answer(request: Request) -> Response:
        return await run_in_threadpool(handler, request, await request.body())

    return Route(path, answer, methods=["POST"], name=path)
