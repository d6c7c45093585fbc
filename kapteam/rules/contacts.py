"""Where a planned contact stands, and what a course of care still has ahead of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kapteam.vocabulary import ContactKind, EpisodeState, How, Part, Term, Tone

DID_IT_HAPPEN_AFTER = timedelta(hours=1)
TOUCHES_COUNTED = timedelta(days=180)
_USUAL, _IN_MAINTENANCE = timedelta(days=14), timedelta(days=45)
_SHORTEST = timedelta(days=7)


class ContactStage(Term):
    """Where a planned contact stands until somebody says how it ended."""

    DID_IT_HAPPEN = "did_it_happen", "Did this take place?"
    AHEAD = "ahead", "Planned"


@dataclass(frozen=True, slots=True)
class ContactStanding:
    """One planned contact, judged. `part` is whose work it waits for once its time has passed.

    `gap` is what is not known yet of one by video, empty if all is.
    """

    kind: ContactKind
    planned_at: datetime
    how: How | None
    stage: ContactStage
    part: Part
    gap: str

    @property
    def tone(self) -> Tone:
        """Arranged, or somebody has to say whether it took place."""
        return Tone.BLUE if self.stage is ContactStage.AHEAD else Tone.AMBER


def judge_contact(
    kind: ContactKind,
    planned_at: datetime,
    how: How | None,
    part: Part,
    now: datetime,
    gap: str = "",
) -> ContactStanding:
    """An hour past its time without an outcome it is asked about, as an integration is.

    Nobody disappears because nobody pressed a button (product.md, the core arc 5).
    """
    passed = now - planned_at >= DID_IT_HAPPEN_AFTER
    stage = ContactStage.DID_IT_HAPPEN if passed else ContactStage.AHEAD
    return ContactStanding(kind, planned_at, how, stage, part, gap)


def video_gap(how: How | None, place: str, local_emergency: str) -> str:
    """What nobody has asked yet of a contact by video: help is sent to where the client is."""
    if how is not How.VIDEO:
        return ""
    if not place:
        return "where they will be"
    return "" if local_emergency else "the emergency number there"


@dataclass(frozen=True, slots=True)
class Touches:
    """When the team and a client last met or spoke on a course, and in which rhythm.

    `doses` and `talks` are how many ketamine sessions were given, and how many integrations and
    contacts took place, within `TOUCHES_COUNTED`; each with its first and last.
    """

    doses: int = 0
    first_dose_at: datetime | None = None
    last_dose_at: datetime | None = None
    talks: int = 0
    first_talk_at: datetime | None = None
    last_talk_at: datetime | None = None

    @property
    def last_at(self) -> datetime | None:
        """The last touch of either kind."""
        return max(filter(None, (self.last_dose_at, self.last_talk_at)), default=None)


def own_interval(touches: Touches, state: EpisodeState) -> timedelta:
    """How far apart a client's visits usually are: the average between ketamine sessions.

    Where there are fewer than two, between the talks; their number around a dose says nothing of
    the rhythm. At least a week; without either two weeks, in maintenance 45 days (rule 55).
    """
    for number, first, last in (
        (touches.doses, touches.first_dose_at, touches.last_dose_at),
        (touches.talks, touches.first_talk_at, touches.last_talk_at),
    ):
        if number > 1 and first and last:
            return max(_SHORTEST, (last - first) / (number - 1))
    return _IN_MAINTENANCE if state is EpisodeState.MAINTENANCE else _USUAL


def out_of_touch_since(
    touches: Touches, state: EpisodeState, opened_at: datetime, now: datetime
) -> datetime | None:
    """The last touch, once 1.5 times the client's own interval has passed since (product.md).

    Rule 55: it is a suggestion that a human confirms. None while they are in touch; before the
    first touch the course's beginning counts.
    """
    last = touches.last_at or opened_at
    return last if now - last > own_interval(touches, state) * 1.5 else None
