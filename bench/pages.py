"""Every page that is measured: who opens it, and at which address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.practice import Filled
from kapteam.ui.navigation import PLACES


@dataclass(frozen=True, slots=True)
class Page:
    """One page as one person opens it; `of` says what it is about.

    `needs_open_caseload`: it is measured in a practice that opens everyone's caseload to whoever
    treats, and no other page is. `in_review`: while the measured pair holds a case review.
    """

    name: str
    place: str
    who: Callable[[Filled], str]
    of: Callable[[Filled], Mapping[str, str]] = lambda _: {}
    needs_open_caseload: bool = False
    in_review: bool = False

    def query(self, filled: Filled) -> str:
        """What stands in the address after the question mark."""
        return urlencode(self.of(filled))

    def address(self, filled: Filled) -> str:
        """The address in a browser."""
        path = "/" if self.place == "today" else f"/{self.place}"
        return f"{path}?{self.query(filled)}"


FIND = "Find a client"
"""The dialog with the answer to a few typed letters: a run of its own above any page."""


def _therapist(filled: Filled) -> str:
    return filled.pair.therapist_id


def _prescriber(filled: Filled) -> str:
    """Who orders, clears, and administers the practice."""
    return filled.pair.prescriber_id


def _front_desk(filled: Filled) -> str:
    """Who sees everyone's."""
    return filled.front_desk_id


def _page(
    place: str,
    who: Callable[[Filled], str] = _therapist,
    of: Callable[[Filled], Mapping[str, str]] = lambda _: {},
) -> Page:
    return Page(PLACES[place].title, place, who, of)


def _everyones(place: str) -> Page:
    return Page(f"{PLACES[place].title}, everyone's", place, _front_desk)


def _of_course(filled: Filled) -> Mapping[str, str]:
    return {"episode": filled.courses[0].id}


PAGES: tuple[Page, ...] = (
    _page("today"),
    _page("caseload"),
    _everyones("caseload"),
    _page("ketamine_sessions"),
    _everyones("ketamine_sessions"),
    _page("integration"),
    _everyones("integration"),
    _page("notes"),
    _page("case_review"),
    Page("Case review, one client", "case_review", _therapist, in_review=True),
    _page("outcomes"),
    Page("Outcomes, all time", "outcomes", _therapist, lambda _: {"outcomes_period": "All time"}),
    # The front desk, which sees everyone's elsewhere, reads no scores.
    Page(
        "Outcomes, everyone's",
        "outcomes",
        _therapist,
        lambda _: {"outcomes_whose": "Everyone's"},
        needs_open_caseload=True,
    ),
    _page("inquiries"),
    _page("inquiry", of=lambda filled: {"id": filled.inquiry_id}),
    _page("client", of=lambda filled: {"client": filled.courses[0].client_code}),
    _page("client_edit", of=lambda filled: {"client": filled.courses[0].client_code}),
    _page("episode", of=lambda filled: {"id": filled.courses[0].id}),
    _page("clearance", _prescriber, _of_course),
    _page("consent", of=_of_course),
    _page("booking", of=_of_course),
    _page("series_plan", of=_of_course),
    _page(
        "ketamine_session",
        _prescriber,
        lambda filled: {"id": filled.courses[0].ketamine_session_id},
    ),
    _page("brief", of=lambda filled: {"id": filled.courses[0].ketamine_session_id}),
    _page("live_session", of=lambda filled: {"id": filled.courses[0].ketamine_session_id}),
    _page(
        "integration_session",
        of=lambda filled: {"id": filled.courses[0].integration_session_id},
    ),
    _page("thread", of=_of_course),
    _page("filing"),
    _page("home_supply", of=_of_course),
    _page("score", of=_of_course),
    _page("scores", of=lambda filled: {"client": filled.courses[0].client_code}),
    _page("contact", of=lambda filled: {"client": filled.courses[0].client_code}),
    Page("Days away of oneself", "away", _therapist, lambda _: {}),
    _page("away", of=lambda filled: {"id": filled.absence_id}),
    _page("concern", of=lambda filled: {"client": filled.courses[0].client_code}),
    _page("ask", of=_of_course),
    _page("wait", of=_of_course),
    _page("emergency"),
    _page("note", of=lambda filled: {"id": filled.courses[0].note_id}),
    _page("practice", _prescriber),
    Page("Audit log", "practice", _prescriber, lambda _: {"practice_show": "Who did what"}),
)
