"""What both have before them in a case review, in words, which are kept as they read then."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from kapteam import sentences, wording
from kapteam.queries.case_review import AgendaRow, Presented, Said, case_agenda
from kapteam.queries.integration import is_owed
from kapteam.queries.standing import Asked, CourseStanding, NextStep
from kapteam.rules.case_review import Topic
from kapteam.vocabulary import Audience, Tone
from kapteam.wording import Phrase

SCORE, INTENTION = "Score", "Intention"
INTEGRATION, ON_HOLD = "Integration", "On hold"
"""Their words begin with these as well, where no label stands before them."""
FOR_THE_TEAM = frozenset({SCORE, INTENTION})
"""What others in the room do not read."""


def reasons_now(asked: Asked, one: AgendaRow) -> list[Phrase]:
    """Why the course is on the agenda, as it reads now.

    First what it stands at the head for: that it was not reached (rule 60); then what needs
    attention, then the rest.
    """
    now, zone = asked.now, asked.practice.zone
    marks = [(mark.by, mark.words) for mark in one.course.marks]
    attention = [sentences.attention(each, now, zone) for each in one.course.attention]
    topics = sentences.topics(one.entry, marks, now, zone)
    ahead = int(Topic.NOT_REACHED in one.entry.topics)
    return [*topics[:ahead], *attention, *topics[ahead:]]


@dataclass(frozen=True, slots=True)
class Frozen:
    """One course of the agenda as a review keeps it: each reason in words, and for others."""

    episode_id: str
    is_steady: bool
    reasons: tuple[tuple[Phrase, str], ...]


def agenda_to_keep(
    db: Session, asked: Asked, colleague_id: str | None
) -> tuple[tuple[AgendaRow, Frozen], ...]:
    """The agenda as it is now, in words: all of them, and those that others in the room may read.

    Others may come while the review goes on. Where something was saved between the two reads, of a
    course nothing is for others.
    """
    full, short = (
        case_agenda(db, _seen_by(asked, one), colleague_id).rows
        for one in (Audience.BOTH_OF_US, Audience.OTHERS)
    )
    for_others = {
        one.course.episode_id: [each.text for each in reasons_now(asked, one)] for one in short
    }
    kept = []
    for row in full:
        reasons = reasons_now(asked, row)
        theirs = for_others.get(row.course.episode_id, [])
        texts = theirs if len(theirs) == len(reasons) else [""] * len(reasons)
        pairs = tuple(zip(reasons, texts, strict=True))
        kept.append((row, Frozen(row.course.episode_id, row.entry.is_steady, pairs)))
    return tuple(kept)


def _seen_by(asked: Asked, audience: Audience) -> Asked:
    return replace(asked, viewer=replace(asked.viewer, audience=audience))


def facts_now(asked: Asked, shown: Presented) -> tuple[Said, ...]:
    """What is known of the course; of one that has ended, what stood there at the decision."""
    if shown.course is None:
        return shown.item.facts
    return tuple(_facts(asked, shown.course, shown.intention))


def _facts(asked: Asked, course: CourseStanding, intention: str) -> Iterator[Said]:
    now, zone = asked.now, asked.practice.zone
    series = course.series
    stage = sentences.stage(
        course.state, series.given if series else None, series.ordered if series else None
    )
    yield Said(stage, Tone.PLAIN, "Stage")
    if course.hold:
        paused = sentences.on_hold(course.hold.reason, course.hold.look_again_on, asked.today)
        why = paused.text.removeprefix(ON_HOLD).lstrip(":, ")
        yield Said(wording.first_up(why), paused.tone, ON_HOLD)
    if course.progress:
        yield Said(sentences.progress(course.progress), Tone.PLAIN, SCORE)
    dose = course.last_dose
    if dose and dose.given_ug is not None and dose.last_given_at:
        given = wording.dose(dose.given_ug, dose.product_route)
        number = wording.in_series(dose.number, dose.of)
        at = wording.moment(dose.last_given_at, now, zone)
        yield Said(f"{at}, {given}, {number}", Tone.PLAIN, "Last dose")
    if intention:
        verbatim = intention.strip("“”")
        yield Said(f"“{verbatim}”", Tone.PLAIN, INTENTION)
    owed = [line for line in course.integrations if is_owed(line)]
    for line in owed:
        one = sentences.integration(line.standing, now, zone)
        what = wording.first_up(one.text.removeprefix(f"{INTEGRATION} "))
        yield Said(what, one.tone, INTEGRATION)
    if not owed and dose and course.expects_integration:
        yield Said("Up to date", Tone.PLAIN, INTEGRATION)
    yield _next(asked, course.next_step)


def _next(asked: Asked, step: NextStep | None) -> Said:
    if step is None:
        return Said("Nothing booked", Tone.AMBER, "Next step")
    zone = asked.practice.zone
    when = (
        wording.day(step.at.astimezone(zone).date(), asked.today)
        if step.all_day
        else wording.moment(step.at, asked.now, zone)
    )
    return Said(f"{step.what} {when}", Tone.PLAIN, "Next step")
