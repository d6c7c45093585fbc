"""The order of a ketamine session: its dose, ordered by a prescriber or proposed before that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.loading import (
    administrations,
    clearance_at,
    is_on_hold,
    ketamine_session,
    need_clearance,
    practice_zone,
    prescriber_of,
)
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import check_changed, compare_and_swap
from kapteam.actions.weights import newest_weight
from kapteam.db.audit import record
from kapteam.db.series import has_given
from kapteam.db.spravato import had_spravato
from kapteam.db.tables import Episode, Series
from kapteam.errors import NotAllowed
from kapteam.rules.ceiling import CeilingGap, above_plan, ceiling_gap
from kapteam.rules.entered import Entered
from kapteam.rules.monitoring import read_due
from kapteam.rules.pathway import ClearanceFacts
from kapteam.rules.permissions import Viewer, check_can_order_dose, check_can_propose_dose
from kapteam.rules.plausibility import Doubt, doubt_dose
from kapteam.rules.spravato import is_spravato
from kapteam.vocabulary import OrderState

NO_DOSE: Mapping[str, Any] = {
    "ordered_ug": None,
    "may_add_ug": None,
    "may_add_from_minutes": None,
    "may_add_to_minutes": None,
    "order_reason": "",
    "ceiling_reason": "",
}
"""The columns of a session for which no dose was typed."""
_REASONS = {"order_reason", "ceiling_reason"}


class DoseTyped(Protocol):
    """A dose and what may be added to it once, in mg as typed.

    `may_add_from` and `may_add_to` are minutes after the dose. `order_reason` is asked for
    where it is beyond what is usual, `ceiling_reason` where it is above the clearance's ceiling.
    """

    @property
    def mg(self) -> str:
        """The dose."""

    @property
    def may_add(self) -> str:
        """What may be added; empty: nothing."""

    @property
    def may_add_from(self) -> str:
        """From how many minutes after the dose it may be added; empty: as early as it comes."""

    @property
    def may_add_to(self) -> str:
        """To how many minutes after the dose; empty: as late as it comes."""

    @property
    def order_reason(self) -> str:
        """Why it is beyond what is usual."""

    @property
    def ceiling_reason(self) -> str:
        """Why it is above the ceiling; a prescriber's alone."""


@dataclass(frozen=True, slots=True)
class DoseEntered:
    """A `DoseTyped` for a session that is booked.

    `readings_due` are the minutes after the dose at which blood pressure is read (`15, 30, 60`);
    None leaves them as they are. Only an order says them.
    """

    ketamine_session_id: str
    version: int
    mg: str
    may_add: str
    order_reason: str = ""
    may_add_from: str = ""
    may_add_to: str = ""
    readings_due: str | None = None
    ceiling_reason: str = ""


def order_dose(db: Session, viewer: Viewer, entered: DoseEntered, now: datetime) -> None:
    """Order the dose of an open session, or change the order (rule 15: prescribers only).

    Raises NotAllowed, NotFound, Invalid by field (above the clearance's ceiling without a reason),
    Conflict.
    """
    check_can_order_dose(viewer)
    _set_dose(db, viewer, entered, OrderState.ORDERED, now)


def propose_dose(db: Session, viewer: Viewer, entered: DoseEntered, now: datetime) -> None:
    """Propose a dose while none is ordered; raises like `order_dose`."""
    check_can_propose_dose(viewer)
    _set_dose(db, viewer, entered, OrderState.PROPOSED, now)


def read_dose(
    db: Session,
    form: Entered,
    typed: DoseTyped,
    clearance: ClearanceFacts | None,
    course: Episode,
    series: Series | None,
    now: datetime,
    *,
    ordering: bool,
) -> dict[str, Any]:
    """The columns of an order as typed, within the clearance's ceiling of one session.

    Only who is `ordering` goes above the ceiling, and says why. What is beyond the usual comes with
    its reason, and a slip of the finger not at all (rule 32); the bounds in force at `now` judge
    it.
    """
    ug = form.read("mg", wording.read_mg, typed.mg)
    may_add_ug = (
        form.read("may_add", wording.read_mg, typed.may_add) if typed.may_add.strip() else None
    )
    from_minutes, to_minutes = _read_minutes(form, typed, adds=may_add_ug is not None)
    reason = form.text("order_reason", typed.order_reason, "The reason")
    is_unusual = False
    weight = newest_weight(db, course.client_id) if ug else None
    grams = weight.grams if weight else None
    if ug and series:
        found = doubt_dose(
            ug,
            may_add_ug,
            series.product_route,
            grams,
            the_practice(db, now).dose_bounds,
            is_first=not db.scalar(
                select(
                    had_spravato(course.client_id)
                    if is_spravato(series.product_route)
                    else has_given(series.id)
                )
            ),
        )
        if found is not None:
            form.need("mg", found.doubt is not Doubt.TYPO, found.sentence)
            is_unusual = found.doubt is Doubt.SAY_WHY
            form.need("order_reason", not is_unusual or bool(reason), found.sentence)
    above = form.text("ceiling_reason", typed.ceiling_reason, "The reason")
    ceiling = clearance.ceiling if clearance else None
    total_ug = (ug or 0) + (may_add_ug or 0)
    problem = above_plan(ceiling, total_ug, grams) if ug else None
    is_above = bool(ug) and ceiling_gap(ceiling, total_ug, grams) is CeilingGap.ABOVE
    if problem and is_above and ordering:
        form.need("ceiling_reason", bool(above), f"{problem} Say why, or order less.")
    elif problem:
        ask = f" Ask {prescriber_of(db, course, now).name}, who may order more." if is_above else ""
        is_alone = above_plan(ceiling, ug or 0, grams) is not None
        form.refuse("mg" if is_alone else "may_add", f"{problem}{ask}")
    return {
        "ordered_ug": ug,
        "may_add_ug": may_add_ug,
        "may_add_from_minutes": from_minutes,
        "may_add_to_minutes": to_minutes,
        "order_reason": reason if is_unusual else "",
        "ceiling_reason": above if is_above else "",
    }


def _read_minutes(form: Entered, typed: DoseTyped, *, adds: bool) -> tuple[int | None, int | None]:
    """From and to how many minutes after the dose something may be added."""
    first, last = (
        form.read(field, wording.read_minutes, text) if text.strip() else None
        for field, text in (("may_add_from", typed.may_add_from), ("may_add_to", typed.may_add_to))
    )
    form.need(
        "may_add",
        adds or not (first or last),
        "Say how much may be added, or leave the minutes empty.",
    )
    form.need(
        "may_add_to",
        first is None or last is None or first <= last,
        "This is before the first minute.",
    )
    return first, last


def _set_dose(
    db: Session, viewer: Viewer, entered: DoseEntered, order_state: OrderState, now: datetime
) -> None:
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    if not session.status.is_open:
        raise NotAllowed("This session is over, so its order stays as it is.")
    if order_state is OrderState.PROPOSED and session.order_state is OrderState.ORDERED:
        raise NotAllowed("A dose is ordered. Ask the prescriber to change it.")
    if session.version == entered.version and is_on_hold(db, course.id, now):
        raise NotAllowed("This course is on hold. Release the hold before ordering a dose.")
    clearance = clearance_at(db, course.id, now)
    series = db.get_one(Series, session.series_id)
    form = Entered()
    need_clearance(
        form,
        "mg",
        clearance,
        series.product_route,
        session.planned_at,
        practice_zone(db, now),
    )
    given = administrations(db, session.id)
    if given and session.order_state is not OrderState.ORDERED:
        raise NotAllowed("A dose was given already. Confirm what was given, below, instead.")
    ordering = order_state is OrderState.ORDERED
    dose = read_dose(db, form, entered, clearance, course, series, now, ordering=ordering)
    form.need(
        "mg",
        not given or dose["ordered_ug"] in (session.ordered_ug, None),
        f"A dose was given on this order, so it stays {wording.mg(session.ordered_ug or 0)}. "
        "What may be added can still be changed.",
    )
    if entered.readings_due is not None and order_state is OrderState.ORDERED:
        dose["readings_due"] = form.read("readings_due", read_due, entered.readings_due)
    form.done()
    values = {"order_state": order_state, **dose}
    check_changed(session, entered.version, values)
    before = {name: getattr(session, name) for name in values}
    if not compare_and_swap(db, session, entered.version, values):
        return
    session.ordered_by_id, session.ordered_at = viewer.clinician_id, now
    record(
        db,
        f"dose:{order_state.value}",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        above_ceiling=bool(dose["ceiling_reason"]),
        **{name: (before[name], value) for name, value in values.items() if name not in _REASONS},
    )
