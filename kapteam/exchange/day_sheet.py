"""The day on paper, for when the network is down: codes and initials, US Letter, a PDF.

What somebody typed goes to the template as data, so that nothing of it can become markup.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kapteam import sentences, wording
from kapteam.exchange.printing import pdf
from kapteam.queries.day_sheet import DaySheet
from kapteam.queries.later import Later
from kapteam.queries.standing import (
    Asked,
    CourseLine,
    CourseStanding,
    DoseLine,
    IntegrationLine,
    Person,
)
from kapteam.queries.today import AgendaRow
from kapteam.rules.contacts import ContactStage
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.permissions import Viewer
from kapteam.rules.readiness import Requirement
from kapteam.vocabulary import (
    How,
    OrderState,
    ProductRoute,
    ReadinessItem,
    Tone,
)
from kapteam.wording import Phrase

_TEMPLATE = Path(__file__).with_name("day_sheet.typ")


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the sheet; `strong` where somebody is needed, as colour says it on the screen."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of the day. Where ketamine is given there is more to write down."""

    time: str
    initials: str
    code: str
    what: str
    details: tuple[Words, ...]
    people: tuple[str, ...]
    standing: tuple[Words, ...]
    is_dose: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """One integration to do."""

    initials: str
    code: str
    after: tuple[str, ...]
    due: Words
    booked: Words
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Every word of the sheet, in order."""

    title: str
    day: str
    practice: str
    whose: str
    printed: str
    closed: str
    rows: tuple[Row, ...]
    owed: tuple[Owed, ...]


def day_sheet_pdf(sheet: DaySheet, asked: Asked) -> bytes:
    """The sheet as a PDF: one page, or as many as it needs."""
    return pdf(_TEMPLATE, asdict(paper(sheet, asked)))


def paper(sheet: DaySheet, asked: Asked) -> Paper:
    """The words of the sheet."""
    practice, now = asked.practice, asked.now
    closed = sentences.practice_closed(practice.hours, sheet.on, asked.today)
    printed = f"{wording.day(asked.today, asked.today)}, {wording.zoned_time(now, practice.zone)}"
    return Paper(
        title=f"Day sheet, {wording.full_day(sheet.on)}",
        day=f"{wording.heading_day(sheet.on)}, {sheet.on.year}",
        practice=practice.name,
        whose=_whose(asked.viewer),
        printed=f"Printed {printed}",
        closed=closed.text if closed else "",
        rows=tuple(_row(one, sheet, now, practice.zone) for one in sheet.agenda),
        owed=tuple(_owed(one.course, one.line, now, practice.zone) for one in sheet.owed),
    )


def _whose(viewer: Viewer) -> str:
    if viewer.sees_everyone and not (viewer.is_prescriber or viewer.is_therapist):
        return "All clients"
    return f"Clients of {wording.listed([viewer.name, *(one.name for one in viewer.covers)])}"


def _row(one: AgendaRow, sheet: DaySheet, now: datetime, zone: ZoneInfo) -> Row:
    course, dose, line, contact = one.course, one.dose, one.line, one.contact
    if dose:
        what, details = _medicine(dose.product_route), _of_dose(dose)
        people = _names([course.prescriber, course.therapist], now, zone)
        allergies = _allergies(sheet.allergies.get(course.client.id))
        standing = [*_dose_standing(course, dose, now, zone), allergies]
    elif line:
        what, details = line.kind.label, [Words(line.how.label)] if line.how else []
        people = _names([line.therapist], now, zone)
        standing = _integration_standing(line, now, zone)
    else:
        assert contact is not None
        planned = contact.standing
        what = planned.kind.label
        # By video the place is where the client is, which stays off paper.
        place = "" if planned.how is How.VIDEO else contact.place
        details = [Words(text) for text in (planned.how and planned.how.label, place) if text]
        people, standing = _names([contact.person], now, zone), []
        if planned.stage is ContactStage.DID_IT_HAPPEN:
            standing = [Words(planned.stage.label, strong=True)]
    return Row(
        time=_clock(one.at, zone),
        initials=_initials(course),
        code=course.client.code,
        what=what,
        details=tuple(details),
        people=people,
        standing=tuple(standing),
        is_dose=dose is not None,
    )


def _initials(course: CourseLine) -> str:
    return wording.initials(course.client.family, course.client.given)


def _names(people: Iterable[Person | None], now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """Each once, also who has two parts; of who is away, who covers."""
    names = (sentences.colleague(person, now, zone) for person in people if person)
    return tuple(dict.fromkeys(names))


def _medicine(product_route: ProductRoute) -> str:
    """Product and route, spelled out: `Ketamine, intramuscular`."""
    if product_route is ProductRoute.ESKETAMINE_NASAL:
        return wording.first_up(product_route.label)
    return f"Ketamine, {product_route.label}"


def _of_dose(dose: DoseLine) -> list[Words]:
    """What was given, what may be, and which one of its series and where, without an address."""
    number = f"Dose {wording.in_series(dose.number, dose.of)}"
    given = [Words(f"{wording.mg(dose.given_ug)} given")] if dose.given_ug else []
    ordered = Words(
        sentences.dose_ordered(dose.order_state, dose.ordered_ug, dose.may_add),
        strong=dose.order_state is not OrderState.ORDERED,
    )
    return [
        *given,
        *([ordered] if dose.status.is_open else []),
        Words(", ".join(filter(None, (number, "at home" if dose.at_home else dose.place)))),
    ]


def _allergies(known: str | None) -> Words:
    """Not asked is not none."""
    if known:
        lines = filter(None, (line.strip() for line in known.splitlines()))
        return Words(f"Allergies: {', '.join(lines)}", strong=True)
    return Words("Allergies: not asked" if known is None else "Allergies: none")


def _dose_standing(
    course: CourseStanding, dose: DoseLine, now: datetime, zone: ZoneInfo
) -> list[Words]:
    """What a session waits for, or how far it is."""
    asked = [Words(dose.silence.label, strong=True)] if dose.silence else []
    if dose.silence and not dose.last_given_at:
        return asked
    if dose.last_given_at:
        said = [f"{dose.status.label}, given {_clock(dose.last_given_at, zone)}"]
        if dose.discharged_at:
            said.append(f"Out {_clock(dose.discharged_at, zone)}")
        return [*asked, *map(Words, said)]
    if course.hold:
        # Paper lies about: why a course is on hold stays on the screen.
        look_again = wording.day(course.hold.look_again_on, now.astimezone(zone).date())
        return [Words(f"On hold, look again {look_again}", strong=True)]
    # So does what a note that is missing is about.
    known = tuple(_on_paper(one) for one in dose.lacks), dose.is_ready
    dose = replace(dose, prepared=Later(lambda: known))
    part, what = dose.waits
    person = course.waited_on(part) if part else None
    name = sentences.colleague(person, now, zone) if person else ""
    waiting = sentences.waiting_on(name, what) if person else ""
    return [_words(one) for one in sentences.readiness(dose, course.hold, waiting, now, zone)]


def _on_paper(one: Requirement) -> Requirement:
    return replace(one, what=one.item.label) if one.item is ReadinessItem.NOTE else one


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return wording.clock_time(at.astimezone(zone).time())


def _words(phrase: Phrase) -> Words:
    return Words(wording.first_up(phrase.text), strong=phrase.tone in {Tone.RED, Tone.AMBER})


def _integration_standing(line: IntegrationLine, now: datetime, zone: ZoneInfo) -> list[Words]:
    """By when it is to be held; or that it was."""
    stage, due = line.standing.stage, _due(line, now, zone)
    if stage is IntegrationStage.HELD:
        return [_words(sentences.integration(line.standing, now, zone))]
    asked = [Words(stage.label, strong=True)] if stage is IntegrationStage.WAS_THIS_HELD else []
    return [*asked, *([due] if due.text else [])]


def _due(line: IntegrationLine, now: datetime, zone: ZoneInfo) -> Words:
    standing = line.standing
    is_late = standing.stage is not IntegrationStage.AGREED and (
        standing.stage is IntegrationStage.LATE
        or (standing.due_at is not None and standing.due_at < now)
    )
    return Words(sentences.integration_due(standing, now, zone), strong=is_late)


def _owed(course: CourseLine, line: IntegrationLine, now: datetime, zone: ZoneInfo) -> Owed:
    due = _due(line, now, zone)
    return Owed(
        initials=_initials(course),
        code=course.client.code,
        after=tuple(_given(dose, now, zone) for dose in line.doses) or (course.service_line.label,),
        due=due if due.text else Words("No day set"),
        booked=_booked(line, now, zone),
        people=_names([line.therapist], now, zone),
    )


def _given(dose: DoseLine, now: datetime, zone: ZoneInfo) -> str:
    """`70 mg intramuscular, Mon Nov 23, 2:00 pm`."""
    if dose.given_ug is None or dose.last_given_at is None:
        planned = wording.moment(dose.planned_at, now, zone)
        return f"{wording.first_up(dose.product_route.label)}, planned {planned}"
    at = wording.moment(dose.last_given_at, now, zone)
    return f"{wording.dose(dose.given_ug, dose.product_route)}, {at}"


def _booked(line: IntegrationLine, now: datetime, zone: ZoneInfo) -> Words:
    planned_at = line.standing.facts.planned_at
    if planned_at is None:
        return Words("Not booked")
    booked = f"Booked {wording.moment(planned_at, now, zone)}"
    if line.standing.stage is IntegrationStage.WAS_THIS_HELD:
        return Words(f"{line.standing.stage.label} {booked}", strong=True)
    return Words(booked, strong=line.standing.stage is IntegrationStage.BOOKED_OUTSIDE)
