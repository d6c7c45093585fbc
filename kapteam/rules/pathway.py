"""The states of a course of care, the legal moves between them, and the gate to dosing.

Domain 1.1, as product.md amends it: a closed course is never reopened; open a new one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from kapteam.errors import NotAllowed
from kapteam.rules.ceiling import Ceiling
from kapteam.vocabulary import (
    ClearanceDecision,
    ConsentType,
    ContactKind,
    EpisodeState,
    ProductRoute,
    ServiceLine,
)

_S = EpisodeState
_KAP: Mapping[EpisodeState, frozenset[EpisodeState]] = {
    _S.ASSESSMENT: frozenset({_S.PREPARATION, _S.CLOSED}),
    _S.PREPARATION: frozenset({_S.SERIES, _S.CLOSED}),
    _S.SERIES: frozenset({_S.SERIES_REVIEW, _S.CLOSED}),
    _S.SERIES_REVIEW: frozenset({_S.SERIES, _S.MAINTENANCE, _S.CLOSED}),
    _S.MAINTENANCE: frozenset({_S.SERIES, _S.CLOSED}),
    _S.CLOSED: frozenset(),
}
_TALKING: Mapping[EpisodeState, frozenset[EpisodeState]] = {
    _S.ASSESSMENT: frozenset({_S.INTEGRATION, _S.CLOSED}),
    _S.INTEGRATION: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
}
TRANSITIONS: Mapping[ServiceLine, Mapping[EpisodeState, frozenset[EpisodeState]]] = {
    ServiceLine.KAP: _KAP,
    ServiceLine.PSYCHEDELIC_INTEGRATION: _TALKING,
    ServiceLine.THERAPY_AFTER_KAP: _TALKING,
}
_MOVED_BY: Mapping[ContactKind, frozenset[EpisodeState]] = {
    ContactKind.INTAKE: frozenset({_S.ASSESSMENT}),
    ContactKind.EVALUATION: frozenset({_S.ASSESSMENT}),
    ContactKind.PREPARATION: frozenset({_S.PREPARATION}),
    ContactKind.FOLLOW_UP: frozenset({_S.SERIES, _S.SERIES_REVIEW, _S.MAINTENANCE}),
}
BOOKABLE = frozenset({_S.PREPARATION, _S.SERIES, _S.SERIES_REVIEW, _S.MAINTENANCE})
EXPIRING = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ClearanceFacts:
    """The newest clearance of a course; without a ceiling there is none."""

    decision: ClearanceDecision
    routes: frozenset[ProductRoute]
    ceiling: Ceiling | None
    valid_until_on: date | None


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """The newest consent of one type."""

    type: ConsentType
    expires_on: date | None
    revoked_on: date | None

    def is_in_date(self, on: date) -> bool:
        """Rule 22: neither revoked nor expired on that date."""
        revoked = self.revoked_on is not None and self.revoked_on <= on
        return not revoked and (self.expires_on is None or self.expires_on >= on)


def moves(service_line: ServiceLine, state: EpisodeState) -> tuple[EpisodeState, ...]:
    """The states a course may move to, in the order of the pathway."""
    legal = TRANSITIONS[service_line].get(state, frozenset())
    return tuple(one for one in EpisodeState if one in legal)


def moves_by(
    kind: ContactKind, service_line: ServiceLine, state: EpisodeState
) -> tuple[EpisodeState, ...]:
    """Where a course may go on to once a contact of this kind was held (domain 1.1).

    The word is the one's whose work the contact is (`ContactKind.function`). It never closes one.
    """
    if state not in _MOVED_BY.get(kind, ()):
        return ()
    return tuple(one for one in moves(service_line, state) if one is not _S.CLOSED)


def check_can_move(
    service_line: ServiceLine, state: EpisodeState, to: EpisodeState, *, on_hold: bool
) -> None:
    """Raise NotAllowed, in a sentence, for a move the pathway does not have.

    A course on hold returns to the same state first; closing it is always possible.
    """
    if state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. Open a new one instead.")
    if to not in TRANSITIONS[service_line].get(state, frozenset()):
        line = service_line.label
        raise NotAllowed(
            f"A course of {line[:1].lower()}{line[1:]} cannot go from "
            f"{state.label.lower()} to {to.label.lower()}."
        )
    if on_hold and to is not EpisodeState.CLOSED:
        raise NotAllowed("This course is on hold. Release the hold first.")


def missing_clearance(
    clearance: ClearanceFacts | None, product_route: ProductRoute | None, on: date
) -> str | None:
    """Rule 21: what is missing of the clearance for that route on that date; None if nothing."""
    if clearance is None:
        return "a clearance by the prescriber"
    if not clearance.decision.allows_ketamine:
        return f"a clearance (the last decision was: {clearance.decision.label.lower()})"
    if clearance.valid_until_on is not None and clearance.valid_until_on < on:
        return "a new clearance (the last one is no longer valid on that day)"
    if product_route is not None and product_route not in clearance.routes:
        return f"a clearance for {product_route.label}"
    return None


def required_consents(
    routes: Iterable[ProductRoute], *, with_therapy: bool
) -> tuple[ConsentType, ...]:
    """The consents that dosing needs (domain 1.5).

    Off-label use for everything but esketamine nasal, which is the one labelled product; the
    therapist's treatment only where a therapist works on the course.
    """
    needed = [ConsentType.KAP_TREATMENT]
    if set(routes) - {ProductRoute.ESKETAMINE_NASAL}:
        needed.append(ConsentType.OFF_LABEL)
    if with_therapy:
        needed.append(ConsentType.THERAPY)
    return (*needed, ConsentType.TEAM_SHARING)


def missing_consents(
    consents: Iterable[ConsentFacts],
    routes: Iterable[ProductRoute],
    on: date,
    *,
    with_therapy: bool,
) -> tuple[ConsentType, ...]:
    """Rule 22: the required consents that are not in date."""
    in_date = {one.type for one in consents if one.is_in_date(on)}
    needed = required_consents(routes, with_therapy=with_therapy)
    return tuple(one for one in needed if one not in in_date)


def check_gate(
    clearance: ClearanceFacts | None,
    consents: Iterable[ConsentFacts],
    on: date,
    *,
    with_therapy: bool,
) -> None:
    """The gate from preparation to series: raises NotAllowed naming everything that is missing."""
    missing = []
    problem = missing_clearance(clearance, None, on)
    if problem:
        missing.append(problem)
    routes = (clearance and clearance.routes) or frozenset({ProductRoute.INTRAMUSCULAR})
    missing += [
        f"the consent “{one.label}”"
        for one in missing_consents(consents, routes, on, with_therapy=with_therapy)
    ]
    if missing:
        raise NotAllowed(f"The series cannot begin yet. Missing: {'; '.join(missing)}.")


def check_has_ketamine(service_line: ServiceLine) -> None:
    """Rules 11 and 13: raises NotAllowed for a course that has no ketamine sessions."""
    if service_line is not ServiceLine.KAP:
        raise NotAllowed(
            "This course has no ketamine sessions. Open a KAP course (it needs a prescriber's "
            "clearance)."
        )


def check_can_book_ketamine(
    service_line: ServiceLine, state: EpisodeState, *, on_hold: bool
) -> None:
    """Rules 11 and 13: ketamine is booked on an open KAP course that is not on hold."""
    check_has_ketamine(service_line)
    if state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. Open a new one instead.")
    if state not in BOOKABLE:
        raise NotAllowed(
            f"A ketamine session cannot be booked while the course is in {state.label.lower()}."
        )
    if on_hold:
        raise NotAllowed("This course is on hold. Release the hold before booking.")
