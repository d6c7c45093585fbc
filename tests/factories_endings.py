"""How a course of care ends in tests: the form filled in, and therapy that goes on."""

from dataclasses import replace
from typing import Any

from kapteam.actions.endings import ClosingEntered, close_episode
from kapteam.db.tables import Episode
from kapteam.ids import id_within
from kapteam.vocabulary import CloseReason, FinalScores
from tests.factories_care import Care


def a_closing(course: Episode, **typed: Any) -> ClosingEntered:
    """The form that ends a course which nobody changed, as somebody fills it in."""
    entered = ClosingEntered(
        episode_id=course.id,
        version=1,
        close_reason=CloseReason.GOALS_MET,
        close_note="Both of us and the client agree.",
        final_scores=FinalScores.OBTAINED,
        final_scores_why="",
        medicine_at_home=None,
        medicine_note="",
        goes_on_with_id=None,
        choices={},
    )
    return replace(entered, **typed)


def therapy_goes_on(care: Care, choices: Any, *, with_: Any = None) -> Episode:
    """The therapist ends the course of `care`; the course on which therapy goes on."""
    goes_on_with_id = (with_ or care.therapist).clinician_id
    entered = a_closing(care.course, goes_on_with_id=goes_on_with_id, choices=choices)
    care.do(close_episode, care.therapist, entered)
    return care.row(Episode, id_within(care.course.id, "therapy after 1"))
