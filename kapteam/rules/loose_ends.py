"""What is still loose on a course of care that is to end, and what may become of it (rule 56)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kapteam.vocabulary import (
    ActionEnd,
    ConsentType,
    ContactKind,
    Function,
    IntegrationCloseReason,
    IntegrationKind,
    Term,
)


class LooseKind(Term):
    """What is loose, in the order in which it is asked about."""

    CONCERN = "concern", "Concern"
    UNCONFIRMED = "unconfirmed", "Dose on a prescriber's word"
    FRESH = "fresh", "Dose of the last day"
    FORM = "form", "Monitoring form"
    NOTE = "note", "Integration note"
    DRAFT = "draft", "Unsigned note"
    DOSE = "dose", "Ketamine session"
    INTEGRATION = "integration", "Integration to do"
    CONTACT = "contact", "Planned contact"
    ASK = "ask", "Question"
    WAIT = "wait", "Wait on someone outside"
    ACTION = "action", "Agreed in the case review"
    MARK = "mark", "To discuss in the next case review"
    CONSENT = "consent", "Consents"
    HOLD = "hold", "Hold"


class Choice(Term):
    """What becomes of one loose end."""

    CANCEL = "cancel", "Cancel"
    KEEP = "keep", "Keep"
    HAND_OVER = "hand_over", "Hand over"
    WITHDRAW = "withdraw", "Close: not needed any more"
    REVOKE = "revoke", "Revoke from today"
    DECLINED = "declined", "Close: client declined"
    ELSEWHERE = "elsewhere", "Close: done elsewhere"
    NOT_NEEDED = "not_needed", "Close: not needed"
    OUT_OF_TOUCH = "out_of_touch", "Close: out of touch"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"

    @property
    def close_reason(self) -> IntegrationCloseReason | None:
        """Why an integration will not take place; None where it is not closed."""
        return next((one for one in IntegrationCloseReason if one.value == self.value), None)

    @property
    def action_end(self) -> ActionEnd | None:
        """What became of an action; None where that is not said."""
        return next((one for one in ActionEnd if one.value == self.value), None)

    @property
    def goes_on(self) -> bool:
        """Whether it goes on in the therapy after this course."""
        return self in {Choice.KEEP, Choice.HAND_OVER}


_SEEN_AFTER = frozenset({LooseKind.CONCERN, LooseKind.FRESH})
FRESH_FOR = timedelta(hours=24)
"""Domain 2: nobody drives until the day after. Until then somebody is there for the client."""
_CLOSES = tuple(one for one in Choice if one.close_reason)
_ACTION_ENDS = tuple(one for one in Choice if one.action_end)
_ORDER = {kind: place for place, kind in enumerate(LooseKind)}


@dataclass(frozen=True, slots=True)
class Loose:
    """Something of a course that is not settled yet.

    `at` is when it is planned, was given, was held or began; of an integration the last dose, and
    `planned_at` its booking. `who` has it. `what` is its kind, type or reason. `is_asked` about:
    its time has come, and nobody has said yet what became of it. `dose_ids` are the ketamine
    sessions that an integration is for; without `version` no row stands for that debt. A question
    (`who` is asked) is `withdrawable` by whoever asked it. All `consents` (id and type) are one,
    named after the newest, with one choice for all. An action of a case review is due `on` a day;
    of it and of what is to be discussed there are `words`.
    """

    kind: LooseKind
    id: str
    at: datetime | None = None
    planned_at: datetime | None = None
    who: str = ""
    what: Term | None = None
    is_asked: bool = False
    version: int = 0
    dose_ids: tuple[str, ...] = ()
    withdrawable: bool = False
    consents: tuple[tuple[str, ConsentType], ...] = ()
    on: date | None = None
    words: str = ""

    @property
    def key(self) -> str:
        """What names it in a form; a question to which something was said since is asked anew."""
        of_version = f".{self.version}" if self.kind is LooseKind.ASK else ""
        return f"{self.kind}.{self.id}{of_version}"


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """One of them with what may become of it.

    With `first` the course cannot end before that was done. With neither it ends with the course.
    """

    loose: Loose
    choices: tuple[Choice, ...] = ()
    first: str = ""

    @property
    def usual(self) -> Choice | None:
        """What is chosen unless somebody chooses: consents stay as they were signed."""
        return Choice.KEEP if self.loose.kind is LooseKind.CONSENT else None

    def refusal(self, chosen: Choice | None) -> str | None:
        """Why the course does not end with this choice; None when it does."""
        if self.first or not self.choices or chosen in self.choices:
            return self.first or None
        return "Choose what becomes of it."


def loose_ends(
    found: Iterable[Loose], *, goes_on: bool, same_therapist: bool
) -> tuple[LooseEnd, ...]:
    """Everything loose, each with the choices that make sense.

    `goes_on`: therapy goes on after this course, with the same therapist or another one. Without it
    nothing owed can be kept, because a course that is closed stands on no list. A concern is the
    client's: it is loose only where no other course would bring it up any more, and a dose of the
    last day only where nobody would be there for the client.
    """
    after = (Choice.KEEP if same_therapist else Choice.HAND_OVER,) if goes_on else ()
    left = (one for one in found if not (goes_on and one.kind in _SEEN_AFTER))
    return tuple(_loose_end(one, after) for one in sorted(left, key=_order))


def _order(one: Loose) -> tuple[int, float, str]:
    at = one.planned_at or one.at
    return _ORDER[one.kind], at.timestamp() if at else 0.0, str(one.what)


def _loose_end(one: Loose, after: tuple[Choice, ...]) -> LooseEnd:
    match one.kind:
        case LooseKind.CONCERN:
            return LooseEnd(one, first="Clear it first by a signed note.")
        case LooseKind.WAIT:
            return LooseEnd(one, (Choice.CANCEL,))
        case LooseKind.UNCONFIRMED:
            return LooseEnd(one, first=f"{one.who} confirms this dose first.")
        case LooseKind.FRESH:
            return LooseEnd(one, first="Wait a day: a course that ended stands on no list.")
        case LooseKind.FORM:
            return LooseEnd(one, first="Submit it first: a course that ended stands on no list.")
        case LooseKind.NOTE | LooseKind.DRAFT:
            return LooseEnd(one, first=f"{one.who} signs the note first.")
        case LooseKind.DOSE:
            if one.is_asked:
                return LooseEnd(one, first="Say first in its record what became of it.")
            return LooseEnd(one, (Choice.CANCEL,))
        case LooseKind.INTEGRATION:
            # A debrief settles no debt (rule 7), so there is nothing of it to go on.
            kept = after if one.what is IntegrationKind.FULL else ()
            return LooseEnd(one, (*kept, *_CLOSES))
        case LooseKind.CONTACT:
            if one.is_asked:
                return LooseEnd(one, first="Say first how it ended.")
            is_prescribers = (
                isinstance(one.what, ContactKind) and one.what.function is Function.PRESCRIBER
            )
            return LooseEnd(one, (Choice.CANCEL, *(() if is_prescribers else after)))
        case LooseKind.ASK:
            # It is the course's and the two people's: a therapy that goes on has other people.
            return LooseEnd(one, (Choice.KEEP, *((Choice.WITHDRAW,) if one.withdrawable else ())))
        case LooseKind.CONSENT:
            return LooseEnd(one, (Choice.KEEP, Choice.REVOKE))
        case LooseKind.ACTION:
            # Whoever goes on with the therapy has it, whose ever it was: the form says by name.
            return LooseEnd(one, (*after, *_ACTION_ENDS))
        case LooseKind.HOLD | LooseKind.MARK:
            return LooseEnd(one)
