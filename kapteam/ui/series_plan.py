"""The plan for the rest of a series: proposed, changed row by row, and booked in one Save."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.booking import LONGEST_MINUTES, SHORTEST_MINUTES
from kapteam.actions.series import PlanEntered, PlannedRow, book_plan
from kapteam.ids import id_within
from kapteam.queries.booking import INTEGRATION_MINUTES
from kapteam.queries.course import Course, RunningSeries
from kapteam.queries.series_plan import PlanStart, plan_start
from kapteam.rules.cadence import usual_days
from kapteam.rules.dosing import estimated_last_given_at
from kapteam.rules.planning import (
    MOST_ROWS,
    Both,
    Integration,
    Planned,
    Surroundings,
    Wanted,
    in_the_way,
    integration_after,
    is_inside,
    plan,
)
from kapteam.ui.booking import ELSEWHERE, USUAL_MINUTES, AfterDose, say_how_soon
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.home_supply import PLACE, ROOM
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import phrase, row, words
from kapteam.ui.series import draw_count, say_elsewhere, say_unauthorized
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import plain, quiet
from kapteam.vocabulary import How, Part, Tone
from kapteam.wording import Phrase

_USUAL_TIME = time(10)
_LENGTH = timedelta(minutes=INTEGRATION_MINUTES)
_MOST_DAYS = 90
_NO_DAY_FOR_BOTH = (
    "No day near it has time for both. Another time of day or another therapist may have one."
)


@dataclass(frozen=True, slots=True)
class _Common:
    """What all sessions of a plan have in common, as it was typed; None while it says nothing."""

    every_days: int | None
    at: time | None
    minutes: int | None
    place: str
    therapist: str | None

    @property
    def lacks(self) -> tuple[str, ...]:
        """What has to be entered before a day can be proposed."""
        days, minutes = self.every_days or 0, self.minutes or 0
        return (
            *(() if self.at else ("Enter a time of day",)),
            *(() if 1 <= days <= _MOST_DAYS else (f"Days to the next: enter 1 to {_MOST_DAYS}",)),
            *(
                ()
                if SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES
                else (f"Minutes each: enter {SHORTEST_MINUTES} to {LONGEST_MINUTES}",)
            ),
        )

    @property
    def said(self) -> str:
        """All of it in one text, which changes with each."""
        values = (self.every_days, self.at, self.minutes, self.place, self.therapist)
        return "|".join(map(str, values))


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What every row of a plan is drawn from."""

    here: Present
    form: Form
    care: Course
    series: RunningSeries
    start: PlanStart
    common: _Common

    @property
    def length(self) -> timedelta:
        """How long one session takes."""
        return timedelta(minutes=self.common.minutes or 0)


@dataclass(frozen=True, slots=True)
class _Before:
    """What a row of a plan follows, as it is ticked now.

    `on` is the day of the session before it, None before the first; `number` which one of the
    series the row would be, `booked` the times of the rows that are, `left_out` the numbers of the
    rows directly before it without a tick, and `unfit` that of the first one without a tick that
    could not have one unasked. `is_told` once it was said that the insurer did not authorize one.
    """

    on: date | None
    number: int
    booked: tuple[datetime, ...] = ()
    left_out: tuple[int, ...] = ()
    unfit: int | None = None
    is_told: bool = False

    def then(self, number: int, *, fits: bool) -> "_Before":
        """What the next row follows after one of that number without a tick."""
        unfit = self.unfit if fits else self.unfit or number
        return replace(self, left_out=(*self.left_out, number), unfit=unfit)

    def booked_at(self, on: date | None, at: datetime | None, *, is_told: bool) -> "_Before":
        """What the next row follows after one with a tick, on that day."""
        return replace(
            self,
            on=on or self.on,
            number=self.number + 1,
            booked=(*self.booked, at) if at else self.booked,
            left_out=(),
            is_told=is_told,
        )


def draw_plan(here: Present, care: Course) -> None:
    """What is left of the running series as rows to look at, change and book."""
    series = care.series
    if series is None or not series.goes_on:
        with row("no_series"):
            words("No series runs on this course. Its first session makes one.")
            link("booking", "Book a ketamine session", icon="event", episode=care.id)
        return
    draw_count(here, series.product_route, series.count)
    if not series.count.left:
        words(_nothing_left(care, series))
        return
    setting = Form(here, "plan_from", care.id)
    able = _integrators(here, care)
    therapist = care.member(Part.THERAPIST)
    usual = therapist.clinician_id if therapist and therapist.clinician_id in able else None
    # What is read depends on two fields that are drawn below it.
    chosen = setting.value("therapist")
    with_whom = usual if chosen is None else chosen or None
    start = here.read(plan_start, care, setting.value("place"), with_whom)
    common = _common_fields(here, setting, series, start, able, usual)
    if common.lacks:
        for one in common.lacks:
            phrase(Phrase(f"{one}, and the days are proposed.", Tone.AMBER, "error"))
        return
    _rows(here, care, series, start, common)


def _nothing_left(care: Course, series: RunningSeries) -> str:
    if series.count.ordered is not None:
        return "Every session that is ordered is given or booked, so nothing is left to plan."
    member = care.member(Part.PRESCRIBER)
    whom = plain(member.name) if member else "a prescriber"
    return f"Nobody has ordered how many sessions this series has. Ask {whom} first."


def _integrators(here: Present, care: Course) -> dict[str, str]:
    """Id and name of those on the course who hold integrations, and of who covers for one."""
    able = {
        one.clinician_id: one.name
        for one in sorted(care.members, key=lambda one: one.part is not Part.THERAPIST)
        if one.clinician_id and one.part in {Part.THERAPIST, Part.PRESCRIBER}
    }
    covers = any(here.viewer.stands_for(one) for one in able)
    if covers and here.viewer.is_therapist:
        able.setdefault(here.viewer.clinician_id, here.viewer.name)
    return able


def _common_fields(
    here: Present,
    form: Form,
    series: RunningSeries,
    start: PlanStart,
    able: dict[str, str],
    usual: str | None,
) -> _Common:
    last, zone = start.last, here.zone
    at = last.planned_at.astimezone(zone).time() if last else _USUAL_TIME
    days = _gap(here, series, series.count.next_number - 1)
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=150, gap="xsmall"):
            form.number("every_days", "Days to the next", days)
        with st.container(width=150, gap="xsmall"):
            form.time("at", "Begins at", wording.clock_time(at))
        with st.container(width=150, gap="xsmall"):
            form.number("minutes", "Minutes each", last.planned_minutes if last else USUAL_MINUTES)
        with st.container(width=220, gap="xsmall"):
            form.line("place", PLACE, last.place if last and not last.at_home else "", hint=ROOM)
        with st.container(width=240, gap="xsmall"):
            form.pick("therapist", "Integration with", able, usual, none=ELSEWHERE)
    try:
        typed: time | None = wording.read_time(form.value("at") or "")
    except ValueError:
        typed = None
    return _Common(
        every_days=form.value("every_days"),
        at=typed,
        minutes=form.value("minutes"),
        place=form.value("place") or "",
        therapist=form.value("therapist"),
    )


def _gap(here: Present, series: RunningSeries, before: int) -> int:
    cadence = here.asked.practice.cadences.of(series.product_route)
    return usual_days(series.product_route, cadence, before)


def _wanted(
    here: Present, care: Course, series: RunningSeries, start: PlanStart, common: _Common
) -> Wanted:
    """One session for each that is left, so many days apart as the plan of its product has it.

    Where somebody typed another number of days, that many throughout.
    """
    assert common.at is not None
    assert common.every_days is not None
    assert common.minutes is not None
    count = series.count
    before = [count.next_number - 1 + ahead for ahead in range(min(count.left, MOST_ROWS))]
    gaps = [_gap(here, series, one) for one in before]
    if common.every_days != gaps[0]:
        gaps = [common.every_days] * len(gaps)
    # A series whose next session should have been before today goes on from tomorrow.
    gap = timedelta(days=gaps[0])
    after_on = start.last_on
    if after_on is None or after_on + gap < here.today:
        after_on = here.today + timedelta(days=1) - gap
    return Wanted(
        after_on=after_on,
        gaps=tuple(gaps),
        at=common.at,
        length=timedelta(minutes=common.minutes),
        giving=timedelta(minutes=series.product_route.giving_minutes),
        integration=_LENGTH if care.expects_integration else None,
    )


def _rows(
    here: Present, care: Course, series: RunningSeries, start: PlanStart, common: _Common
) -> None:
    found = plan(_wanted(here, care, series, start, common), start.around)
    # Another time of day or place is another proposal: its fields start from that.
    drawn_for = id_within(care.id, common.said)
    form = Form(here, "plan", drawn_for, makes=unused_id(here))
    sheet = _Sheet(here, form, care, series, start, common)
    words(quiet("Look at each, change or leave out what does not fit, and book them in one Save."))
    before = _Before(start.last_on, series.count.next_number)
    for place, one in enumerate(found):
        with st.container(border=True, gap="small", key=form.key(f"row.{place}")):
            before = _row(sheet, place, one, before)
    more = series.count.left - len(found)
    if more:
        words(quiet(f"{wording.count(more, 'more session is', 'more sessions are')} left after."))
    words(quiet("No dose is ordered here: each reads “Dose not ordered” until a prescriber does."))
    if care.expects_integration:
        form.choice("integration_how", "Integration, how", list(How), How.IN_PERSON)
    form.save(
        "Book what is ticked",
        book_plan,
        lambda: _entered(form, care, series, common, len(found)),
        then=lambda _: go("episode", id=care.id),
        said="Booked",
    )


def _row(sheet: _Sheet, place: int, one: Planned, before: _Before) -> _Before:
    """One session: whether it is booked, its day and time, and its integration beside it."""
    here, form, count = sheet.here, sheet.form, sheet.series.count
    name, number = f"rows.{place}.", count.next_number + place
    with row(form.key(f"{name}head")):
        expected = one.integration if sheet.care.expects_integration else None
        lacks = expected.why_not if expected else ""
        # Nobody books an integration outside its window by leaving a tick where it is; nor, where
        # a session before it is missing, one that would stand alone weeks after the last.
        fits = one.at is not None and not lacks
        title = f"Session {number} of {count.ordered}"
        is_booked = form.check(f"{name}chosen", title, fits and before.unfit is None)
        if one.at and not is_booked:
            words(plain(wording.moment(one.at, here.now, here.zone)))
        if lacks and not is_booked:
            phrase(Phrase(lacks, Tone.AMBER, "schedule"))
            if one.instead:
                _offer_instead(here, form, name, one.instead)
            else:
                words(quiet(_NO_DAY_FOR_BOTH))
        if fits and before.unfit and not is_booked:
            words(quiet(f"Not ticked: look at session {before.unfit} before it first."))
        if one.said:
            tone = Tone.PLAIN if one.at else Tone.AMBER
            phrase(Phrase(one.said, tone, "event_busy"))
    if not is_booked:
        return before.then(number, fits=fits)
    left, right = st.columns(2, gap="large")
    with left:
        local = one.at.astimezone(here.zone) if one.at else None
        form.moment(
            f"{name}planned_on",
            f"{name}planned_time",
            "Day",
            "Time",
            local.date() if local else None,
            wording.clock_time(local.time() if local else sheet.common.at or _USUAL_TIME),
        )
        at = form.instant(f"{name}planned_on", f"{name}planned_time")
        is_told = before.is_told if at is None else _say_of_day(sheet, place, at, before)
    if sheet.care.expects_integration:
        with right:
            _integration(sheet, name, one.integration, at)
    return before.booked_at(form.value(f"{name}planned_on"), at, is_told=is_told)


def _offer_instead(here: Present, form: Form, name: str, instead: Both) -> None:
    """The nearest day with time for both, as a button that ticks the row and fills it in."""
    st.button(
        f"Take {wording.day(instead.at.astimezone(here.zone).date(), here.today)} instead",
        key=form.key(f"{name}instead"),
        type="tertiary",
        icon=":material/event_available:",
        on_click=_take_instead,
        args=(form, name, instead),
    )


@acting
def _take_instead(here: Present, form: Form, name: str, instead: Both) -> None:
    form.put(f"{name}chosen", True)
    for field, at in (("planned", instead.at), ("integration", instead.integration_at)):
        local = at.astimezone(here.zone)
        form.put(f"{name}{field}_on", local.date())
        form.put(f"{name}{field}_time", wording.clock_time(local.time()))


def _say_of_day(sheet: _Sheet, place: int, at: datetime, before: _Before) -> bool:
    """How long after the last it is, what speaks against it, and a review left out before it.

    Whether it is said, of this row or one before it, that the insurer did not authorize so many.
    """
    here, around, count = sheet.here, sheet.start.around, sheet.series.count
    said = sentences.next_of_plan(
        at.astimezone(here.zone).date(), before.on, before.number, before.left_out, here.today
    )
    if said and said.tone is Tone.PLAIN:
        words(quiet(said.text))
    elif said:
        phrase(said)
    others = [*around.other_days, *_other_rows(sheet.form, place)]
    for problem in in_the_way(at, sheet.length, others, around):
        phrase(Phrase(f"{wording.first_up(problem)}.", Tone.AMBER, "error"))
    say_elsewhere(here, at, sheet.series.product_route, sheet.start.elsewhere)
    if count.is_unreviewed_at(before.number):
        phrase(sentences.unreviewed(count, before.number))
    visits = (*sheet.start.visits, *before.booked)
    return before.is_told or say_unauthorized(here, at, visits, sheet.start.authorized)


def _other_rows(form: Form, place: int) -> list[date]:
    """The days that the other rows hold now."""
    names = [f"rows.{other}." for other in range(MOST_ROWS) if other != place]
    days = [form.value(f"{name}planned_on") for name in names if form.value(f"{name}chosen")]
    return [one for one in days if one is not None]


def _integration(
    sheet: _Sheet, name: str, proposed: Integration | None, at: datetime | None
) -> None:
    """Day and time of the integration, whether that is inside the window, and why none is."""
    here, form, around = sheet.here, sheet.form, sheet.start.around
    first = proposed.at.astimezone(here.zone) if proposed and proposed.at else None
    form.moment(
        f"{name}integration_on",
        f"{name}integration_time",
        "Integration on",
        "Integration at",
        first.date() if first else None,
        wording.clock_time(first.time()) if first else "",
    )
    typed = form.instant(f"{name}integration_on", f"{name}integration_time")
    if at is not None:
        dose_at = estimated_last_given_at(at, sheet.series.product_route)
        after = AfterDose(dose_at, at + sheet.length)
        say_how_soon(here, form, f"{name}integration_soon", typed, after)
        if typed is None or not is_inside(typed, dose_at, around.thresholds):
            _say_why_outside(here, around, dose_at)
    if typed is None:
        form.line(f"{name}no_integration_reason", "No slot, because …")


def _say_why_outside(here: Present, around: Surroundings, dose_at: datetime) -> None:
    """Why no integration can be inside the window, or which time there would be."""
    found = integration_after(dose_at, _LENGTH, around.therapist_busy, around)
    said = found.why_not
    if found.is_inside and found.at:
        said = f"Free inside the window: {wording.moment(found.at, here.now, here.zone)}"
    phrase(Phrase(said, Tone.AMBER, "schedule"))


def _entered(
    form: Form, care: Course, series: RunningSeries, common: _Common, rows: int
) -> PlanEntered:
    """The rows that are ticked; the first one has the id that the form was minted."""
    chosen = [place for place in range(rows) if form.value(f"rows.{place}.chosen")]
    ids = [form.makes, *(id_within(form.makes, str(place)) for place in chosen[1:])]
    return PlanEntered(
        episode_id=care.id,
        series_id=series.id,
        planned_minutes=common.minutes,
        place=common.place,
        integration_minutes=INTEGRATION_MINUTES,
        integration_how=form.value("integration_how"),
        integration_therapist=common.therapist,
        rows=tuple(
            _planned(form, f"rows.{place}.", row_id)
            for place, row_id in zip(chosen, ids, strict=False)
        ),
    )


def _planned(form: Form, name: str, row_id: str) -> PlannedRow:
    return PlannedRow(
        name=name,
        id=row_id,
        planned_on=form.value(f"{name}planned_on"),
        planned_time=form.value(f"{name}planned_time") or "",
        integration_id=id_within(row_id, "integration"),
        integration_on=form.value(f"{name}integration_on"),
        integration_time=form.value(f"{name}integration_time") or "",
        integration_soon=form.value(f"{name}integration_soon"),
        no_integration_reason=form.value(f"{name}no_integration_reason") or "",
    )
