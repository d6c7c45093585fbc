"""One's own days away: who has what falls into them, and what happened meanwhile."""

from functools import partial
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.absences import HandOverEntered, hand_over_while_away
from kapteam.queries.away import Meanwhile, MeanwhileRow, SinceLine
from kapteam.queries.contacts import Told
from kapteam.queries.practice import with_function
from kapteam.queries.standing import Person
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.permissions import Away, can_run_episode, treats
from kapteam.ui.audit_log import details, done
from kapteam.ui.away import cover_button, end_button, turn_to
from kapteam.ui.contacts import draw_told_while_away
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import (
    FOUR_LINKS,
    REASON,
    Columns,
    cells,
    identity,
    list_row,
    name_cell,
    order_of,
    row,
    row_links,
    section,
    telling_apart,
    when_words,
    words,
)
from kapteam.ui.shell import Present
from kapteam.ui.showing import listed
from kapteam.ui.text import plain, quiet, said
from kapteam.vocabulary import Function, Tone
from kapteam.wording import Phrase

_AT, _WHO = 250, 170
_TREAT = (Function.PRESCRIBER, Function.THERAPIST, Function.NURSE)


def draw_days_away(here: Present) -> None:
    """On Today: the nearest days away that are not over, and the last that are.

    The front desk has no clients of its own: nobody covers, and there is nothing to look back on.
    """
    is_treating = treats(here.viewer.functions)
    over = [one for one in here.viewer.away if one.until_at <= here.now and is_treating]
    ahead = [one for one in here.viewer.away if one.until_at > here.now]
    for one in (*over[-1:], *ahead[:1]):
        with row(f"away_{one.id}"):
            words(f":material/flight_takeoff: {_said(here, one)}")
            if one in over:
                link("away", "Since you were away", icon="chevron_right", id=one.id)
            elif not is_treating or (one.from_at <= here.now and not one.cover):
                # Where one says who covers, and that one is back.
                link("away", "Days away", icon="chevron_right")
            else:
                link("away", "Who has what meanwhile", icon="chevron_right", id=one.id)


def _said(here: Present, one: Away) -> str:
    """When one is away; once it has begun who covers until when, as colleagues read it."""
    days = wording.days(one.from_at, one.until_at, here.now, here.zone)
    if one.until_at <= here.now:
        return f"You were away {plain(days)}"
    if one.from_at <= here.now:
        me = Person(here.viewer.clinician_id, here.viewer.name, one.until_at, one.cover)
        if one.cover:
            return f"**{plain(sentences.colleague(me, here.now, here.zone))}**"
        until = wording.day(wording.last_day(one.until_at, here.zone), here.today)
        nobody = Phrase("Nobody covers all of it", Tone.AMBER, "person_alert")
        uncovered = said(nobody) if treats(here.viewer.functions) else ""
        return f"You are away until **{plain(until)}** {uncovered}"
    uncovered = "nobody covers all of it" if treats(here.viewer.functions) else ""
    cover = f"{one.cover} covers" if one.cover else uncovered
    return f"You are away **{plain(days)}** {quiet(cover) if cover else ''}"


def _days_row(here: Present, one: Away) -> None:
    """Which days they are, with their end while they are not over, and the way to all of them."""
    link("away", "Days away", icon="arrow_back")
    with row("away_days"):
        words(_said(here, one))
        if one.until_at > here.now:
            if treats(here.viewer.functions):
                cover_button(one.id, one.cover)
            end_button(here, one.id, is_now=one.from_at <= here.now)


def draw_meanwhile(here: Present, shown: Meanwhile, course_id: str) -> None:
    """Everything that falls into the days, and for one course who takes it."""
    here = telling_apart(here, [one.course.client for one in shown.rows])
    rows = shown.rows
    _days_row(here, shown.away)
    if course_id:
        rows = tuple(one for one in rows if one.course.episode_id == course_id)
    if course_id and rows and can_run_episode(here.viewer):
        _hand_over(here, shown, rows[0])
    nothing = "Nothing of yours is planned or due in these days."
    with section("While you are away", len(rows), key="meanwhile", nothing=nothing):
        listed(rows, "meanwhile", partial(_row, here, shown.away, bool(course_id)))
    if course_id:
        turn_to("All of it", "arrow_back", id=shown.away.id)
    elif shown.other_courses:
        courses = wording.count(shown.other_courses, "course", "courses")
        words(quiet(f"{courses} of care of yours: nothing planned or due in these days."))


def _row(here: Present, away: Away, is_alone: bool, one: MeanwhileRow) -> None:
    with list_row(f"meanwhile_{one.key}", Columns.PLANNED):
        name_cell(here, one.course.client)
        who = " ".join(said(each) for each in _who(here, one))
        cells(when_words(here, one.at), _what(one), who)
        with row_links(FOUR_LINKS):
            if not is_alone and can_run_episode(here.viewer):
                course_id = one.course.episode_id
                link("away", "Hand over", icon="group", id=away.id, course=course_id)
            _move(one)


def _what(one: MeanwhileRow) -> str:
    if one.dose:
        return said(order_of(one.dose))
    if one.line:
        is_booked = one.line.standing.facts.planned_at is not None
        return plain(f"{one.line.kind.label}{'' if is_booked else ', due'}")
    return plain(one.contact.standing.kind.label) if one.contact else ""


def _who(here: Present, one: MeanwhileRow) -> list[Phrase]:
    """Who has it; of what nobody has, as what."""
    if one.line and one.line.standing.stage is IntegrationStage.AGREED:
        return [sentences.integration(one.line.standing, here.now, here.zone)]
    found = []
    for need in one.needs:
        functions = wording.listed([each.label.lower() for each in sorted(need.functions)])
        if need.name:
            found.append(Phrase(need.name, icon="supervisor_account"))
        else:
            as_what = f"Nobody yet as {functions}" if len(need.functions) == 1 else "Nobody yet"
            found.append(Phrase(as_what, Tone.AMBER, "person_alert"))
    return found


def _move(one: MeanwhileRow) -> None:
    """Where it is given another time, or the client agrees to wait."""
    if one.dose:
        link("ketamine_session", "Move", icon="event_repeat", id=one.dose.id)
    elif one.contact:
        link("contact", "Move", icon="event_repeat", id=one.contact.id, do="move")
    elif one.line:
        about: dict[str, Any] = (
            {"id": one.line.id} if one.line.id else {"dose": one.line.doses[0].id}
        )
        link("integration_session", "Agree", icon="handshake", do="agree", **about)
        link("integration_session", "Move", icon="event_repeat", do="book", **about)


def _hand_over(here: Present, shown: Meanwhile, one: MeanwhileRow) -> None:
    identity(here, one.course.client, course_id=one.course.episode_id)
    with st.container(border=True):
        form = Form(here, "hand_over", makes=unused_id(here))
        able = with_function(shown.team, *_TREAT)
        able.pop(here.viewer.clinician_id, None)
        days = wording.days(shown.away.from_at, shown.away.until_at, here.now, here.zone)
        form.pick("colleague_id", f"Who has this course of care {days}", able)
        words(
            quiet(
                "They see it with its notes in these days only, and have the integrations and "
                "contacts below as far as those are theirs to do. When you are back sooner, what "
                "lies ahead then is yours again."
            )
        )
        form.save(
            "Hand over",
            hand_over_while_away,
            lambda: form.entered(
                HandOverEntered,
                id=form.makes,
                absence_id=shown.away.id,
                episode_id=one.course.episode_id,
            ),
            then=lambda _: go("away", id=shown.away.id),
            said="Handed over for these days",
        )


def draw_since(
    here: Present, away: Away, told: tuple[Told, ...], lines: tuple[SinceLine, ...]
) -> None:
    """What was told to one in the days away, and what colleagues did, the newest first."""
    named = [*(one.client for one in told), *(one.client for one in lines)]
    here = telling_apart(here, named)
    _days_row(here, away)
    draw_told_while_away(here, told)
    nothing = "Nobody recorded anything about your clients in these days."
    with section("Since you were away", len(lines), key="since", nothing=nothing):
        listed(lines, "since", partial(_since_row, here))


def _since_row(here: Present, one: SinceLine) -> None:
    with list_row(f"since_{one.line.id}"):
        name_cell(here, one.client)
        words(quiet(wording.moment(one.line.at, here.now, here.zone)), _AT)
        more = details(here, one.line, {})
        words(f"{plain(done(one.line))} {quiet(more) if more else ''}", REASON)
        words(quiet(one.line.who or ""), _WHO)
