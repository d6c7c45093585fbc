"""The plain pages of a PIN: setting it for this browser, and the browsers where it works."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kapteam import clock, wording
from kapteam.accounts import pins
from kapteam.errors import Invalid, NotAllowed
from kapteam.queries.pins import PinBrowserLine, pin_browsers
from kapteam.queries.standing import Asked
from kapteam.web.person import door, drawn_for_another, person_at
from kapteam.web.plain import message, page
from kapteam.web.visitor import browser_cookie_name

_UNREADABLE = 422
_NO_PASSWORD = "Type your password."  # noqa: S105 - a sentence


class PinPages:
    """The handlers. `demo_password` opens the demo, and is told only there."""

    def __init__(self, demo_password: str) -> None:
        self._demo_password = demo_password

    def ask_pin(self, request: Request) -> Response:
        """The form, and where one's PIN works by now."""
        return self._page(request, None)

    def set_pin(self, request: Request, form: Mapping[str, list[str]]) -> Response:
        """Let the PIN work in this browser; its cookie is all that knows the token."""
        person = person_at(request)
        if person is None:
            return _go(door(request))
        another = drawn_for_another(form, person.key)
        if another is not None:
            return another
        password, pin = (form.get(name, [""])[0] for name in ("password", "pin"))
        device = wording.browser(request.headers.get("user-agent", ""))
        try:
            if not password:
                raise Invalid({"password": _NO_PASSWORD})
            token = pins.set_pin(
                person.database,
                person.asked.viewer.sign_in_id,
                person.token,
                device,
                password,
                pin,
                person.asked.now,
            )
        except Invalid as invalid:
            return self._page(request, invalid)
        return _with_token(request, f"{person.practice}.{token}", _go("/session/pin/saved"))

    def pin_saved(self, request: Request) -> Response:
        """What setting a PIN did."""
        return message(
            200,
            "Your PIN is set",
            "In this browser it signs, unlocks and lets you act at a shared screen in place of "
            "your password, for 90 days.",
        )

    def turn_off(self, request: Request, form: Mapping[str, list[str]]) -> Response:
        """The PIN of one browser works no more."""
        person = person_at(request)
        if person is None:
            return _go(door(request))
        viewer, browser_id = person.asked.viewer, form.get("browser", [""])[0]
        try:
            with person.database.writing() as db:
                pins.turn_off_pin(db, viewer, browser_id, person.asked.now)
        except NotAllowed as refused:
            return message(403, "This is not your PIN", str(refused))
        return _go("/session/pin")

    def _page(self, request: Request, invalid: Invalid | None) -> Response:
        person = person_at(request)
        if person is None:
            return _go(door(request))
        with person.database.reading() as db:
            mine = person.asked.viewer.clinician_id
            browsers = pin_browsers(db, person.asked, mine, person.token)
        return page(
            "pin.html",
            status=200 if invalid is None else _UNREADABLE,
            acting=person.key,
            errors={} if invalid is None else invalid.fields,
            browsers=[_line(person.asked, one) for one in browsers],
            demo_password=self._demo_password if person.is_demo else "",
        )


def _line(asked: Asked, one: PinBrowserLine) -> dict[str, Any]:
    zone = asked.practice.zone
    return {
        "id": one.id,
        "device": one.device,
        "is_here": one.is_here,
        "rests": one.rests,
        "set": wording.moment_today(one.set_at, asked.now, zone),
        "until": wording.day(clock.day_of(one.until_at, zone), asked.today),
    }


def _with_token(request: Request, value: str, response: Response) -> Response:
    scheme = request.url.scheme
    response.set_cookie(
        browser_cookie_name(scheme),
        value,
        max_age=int(pins.GOOD_FOR.total_seconds()),
        path="/",
        secure=scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


def _go(to: str) -> Response:
    return RedirectResponse(to, 303)
