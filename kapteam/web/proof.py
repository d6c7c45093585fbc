"""What a page asks for before it signs or unlocks: the password, or the PIN where one works."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request

from kapteam.accounts.pins import PinHere, pin_here
from kapteam.errors import Invalid

_RESTS = (
    "Your PIN rests in this browser after five wrong tries. It works again once you have typed "
    "your password here."
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What is asked for, and what was wrong with the last answer.

    `other_way` is the address at which the other of the two is asked for; empty: there is none.
    """

    by_pin: bool
    other_way: str
    hint: str
    errors: Mapping[str, str]


def is_by_pin(form: Mapping[str, list[str]]) -> bool:
    """Whether a form was sent that asked for the PIN."""
    return "pin" in form


def proof_asked(
    db: Session,
    request: Request,
    clinician_id: str,
    token: str,
    now: datetime,
    *,
    page: str,
    form: Mapping[str, list[str]] | None = None,
    invalid: Invalid | None = None,
    demo_password: str = "",
) -> Proof:
    """What the page at the address `page` asks of this person now; one statement.

    `form` is what was sent to it, `invalid` why that was refused.
    """
    here = pin_here(db, clinician_id, token, now)
    wants_password = (
        request.query_params.get("by") == "password" if form is None else not is_by_pin(form)
    )
    by_pin = here is PinHere.WORKS and not wants_password
    other_way = ""
    if here is PinHere.WORKS:
        other_way = f"{page}{'&' if '?' in page else '?'}by=password" if by_pin else page
    hints = ["Six digits, as you set them in this browser."] if by_pin else []
    if not by_pin and demo_password:
        hints.append(f'This is the demo: the password is "{demo_password}".')
    if here is PinHere.RESTS:
        hints.append(_RESTS)
    wrong = (invalid.fields.get("pin") or invalid.fields.get("password")) if invalid else None
    return Proof(
        by_pin,
        other_way,
        " ".join(hints),
        {"pin" if by_pin else "password": wrong} if wrong else {},
    )
