"""What of one course of care is not settled: for the form that ends it, and for its Save."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kapteam.db.asks import read_seats, seats
from kapteam.db.base import Versioned
from kapteam.db.signing import has_words
from kapteam.db.spravato import is_as_submitted
from kapteam.db.tables import (
    Action,
    Administration,
    Ask,
    Clinician,
    Concern,
    Consent,
    Contact,
    DiscussMark,
    Episode,
    Hold,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    OutsideWait,
    Series,
)
from kapteam.db.types import UtcDateTime
from kapteam.rules.asks import AskFacts, Seat, judge_ask
from kapteam.rules.contacts import ContactStage, judge_contact
from kapteam.rules.dosing import silence
from kapteam.rules.loose_ends import FRESH_FOR, Loose, LooseKind
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import (
    ConcernKind,
    ConsentType,
    ContactKind,
    HoldReason,
    IntegrationKind,
    NoteKind,
    OutsideParty,
    Part,
    ProductRoute,
    SessionStatus,
)

_NOBODY = "Whoever held it"
_BETWEEN = "\x1f"
"""Between what one text says: no id and no part has it."""
_OPEN = tuple(status for status in SessionStatus if status.is_open)


def loose(db: Session, episode: Episode, viewer: Viewer, now: datetime) -> tuple[Loose, ...]:
    """Everything of the course that is not settled, for who would end it, in two statements."""
    doses = _doses(db, episode)
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for row in db.execute(_statement(episode, now)):
        rows[row.what].append(row)
    return (
        *_unconfirmed(doses),
        *_open_doses(doses, now),
        *_fresh(doses, now),
        *_forms(doses),
        *_to_be_integrated(episode, doses, rows[LooseKind.INTEGRATION]),
        *(
            Loose(
                LooseKind.NOTE,
                row.id,
                at=row.at,
                who=row.who or _NOBODY,
                what=IntegrationKind(row.kind),
            )
            for row in {row.id: row for row in rows[LooseKind.NOTE]}.values()
        ),
        *(
            Loose(LooseKind.DRAFT, row.id, at=row.at, who=row.who, what=NoteKind(row.kind))
            for row in rows[LooseKind.DRAFT]
        ),
        *(_contact(row, now) for row in rows[LooseKind.CONTACT]),
        *(_ask(row, viewer, now) for row in rows[LooseKind.ASK]),
        *(
            Loose(
                LooseKind.WAIT,
                row.id,
                at=row.at,
                who=row.who,
                what=OutsideParty(row.kind),
                version=row.version,
            )
            for row in rows[LooseKind.WAIT]
        ),
        *(
            Loose(LooseKind.CONCERN, row.id, at=row.at, who=row.who, what=ConcernKind(row.kind))
            for row in rows[LooseKind.CONCERN]
        ),
        *(
            Loose(
                kind,
                row.id,
                at=row.at,
                who=row.who,
                version=row.version,
                on=row.on,
                words=row.words,
            )
            for kind in (LooseKind.ACTION, LooseKind.MARK)
            for row in rows[kind]
        ),
        *_signed(rows[LooseKind.CONSENT]),
        *(
            Loose(LooseKind.HOLD, row.id, at=row.at, what=HoldReason(row.kind))
            for row in rows[LooseKind.HOLD]
        ),
    )


def _signed(rows: list[Any]) -> Iterator[Loose]:
    """All consents as one, in the order of their types; named anew once there is a newer one."""
    types = list(ConsentType)
    consents = sorted(
        ((row.id, ConsentType(row.kind)) for row in rows), key=lambda one: types.index(one[1])
    )
    if consents:
        newest = max(consent_id for consent_id, _ in consents)
        yield Loose(LooseKind.CONSENT, newest, consents=tuple(consents))


def _doses(db: Session, episode: Episode) -> dict[str, Any]:
    """The ketamine sessions that are open or were given, with what was given in them."""
    teller = aliased(Clinician)
    unconfirmed = and_(
        Administration.told_by_id.is_not(None), Administration.confirmed_at.is_(None)
    )
    # A debrief never settles a dose (rule 7), and a dropped booking leaves the debt.
    integrated = exists().where(
        IntegrationSessionFor.ketamine_session_id == KetamineSession.id,
        IntegrationSession.id == IntegrationSessionFor.integration_session_id,
        IntegrationSession.kind == IntegrationKind.FULL,
        IntegrationSession.dropped_at.is_(None),
    )
    ended = func.coalesce(Administration.ended_at, Administration.started_at)
    rows = db.execute(
        select(
            KetamineSession.id,
            KetamineSession.version,
            KetamineSession.status,
            KetamineSession.planned_at,
            KetamineSession.planned_minutes,
            KetamineSession.arrived_at,
            func.min(Administration.started_at, type_=UtcDateTime()).label("first_at"),
            func.max(ended, type_=UtcDateTime()).label("last_at"),
            func.max(case((unconfirmed, teller.name))).label("told_by"),
            integrated.label("integrated"),
            and_(_is_spravato(), ~is_as_submitted()).label("owes_form"),
        )
        .outerjoin(
            Administration,
            and_(
                Administration.ketamine_session_id == KetamineSession.id,
                Administration.voided_at.is_(None),
            ),
        )
        .outerjoin(teller, teller.id == Administration.told_by_id)
        .where(KetamineSession.episode_id == episode.id)
        .group_by(KetamineSession.id)
        .order_by(KetamineSession.planned_at, KetamineSession.id)
    )
    return {row.id: row for row in rows}


def _is_spravato() -> ColumnElement[bool]:
    return exists().where(
        Series.id == KetamineSession.series_id,
        Series.product_route == ProductRoute.ESKETAMINE_NASAL,
    )


def _unconfirmed(doses: dict[str, Any]) -> Iterator[Loose]:
    for row in doses.values():
        if row.told_by is not None:
            yield Loose(LooseKind.UNCONFIRMED, row.id, at=row.last_at, who=row.told_by)


def _open_doses(doses: dict[str, Any], now: datetime) -> Iterator[Loose]:
    for row in doses.values():
        if row.status in _OPEN:
            begun = min(filter(None, (row.arrived_at, row.first_at)), default=None)
            asked = silence(row.status, row.planned_at, row.planned_minutes, begun, now)
            yield Loose(
                LooseKind.DOSE,
                row.id,
                at=row.planned_at,
                is_asked=begun is not None or asked is not None,
                version=row.version,
            )


def _fresh(doses: dict[str, Any], now: datetime) -> Iterator[Loose]:
    for row in doses.values():
        if row.status not in _OPEN and row.last_at is not None and now - row.last_at < FRESH_FOR:
            yield Loose(LooseKind.FRESH, row.id, at=row.last_at)


def _forms(doses: dict[str, Any]) -> Iterator[Loose]:
    """Rule 39: the monitoring forms of Spravato that did not go out as they are now."""
    for row in doses.values():
        if row.owes_form and row.status not in _OPEN and row.last_at is not None:
            yield Loose(LooseKind.FORM, row.id, at=row.last_at)


def _statement(episode: Episode, now: datetime) -> Any:
    """What is not settled beside the ketamine sessions, as rows of one shape."""
    episode_id = episode.id
    return union_all(
        _integrations(episode_id),
        _drafts(episode_id),
        _contacts(episode_id),
        _asks(episode_id, now),
        _consents(episode_id),
        _holds(episode_id),
        _waits(episode_id),
        _concerns(episode),
        _actions(episode_id),
        _marks(episode_id),
    )


def _row(
    what: Any,
    of: Any,
    kind: Any,
    at: Any,
    *,
    who: Any = None,
    planned_at: Any = None,
    on: Any = None,
    words: Any = None,
) -> Select[Any]:
    """A row of the shape; without a version nothing of it is changed when the course ends."""
    return select(
        what.label("what"),
        of.id.label("id"),
        (of.version if issubclass(of, Versioned) else literal(0)).label("version"),
        type_coerce(kind, String).label("kind"),
        type_coerce(at, UtcDateTime()).label("at"),
        cast(null() if who is None else who, String).label("who"),
        type_coerce(
            cast(null(), UtcDateTime()) if planned_at is None else planned_at, UtcDateTime()
        ).label("planned_at"),
        type_coerce(cast(null(), Date()) if on is None else on, Date()).label("on"),
        cast(null() if words is None else words, String).label("words"),
    )


def _integrations(episode_id: str) -> Select[Any]:
    """The integration sessions that were not taken back or closed, a row for each dose."""
    signed = exists().where(
        Note.integration_session_id == IntegrationSession.id,
        Note.signed_at.is_not(None),
        Note.voided_at.is_(None),
    )
    draft, author, holder = aliased(Note), aliased(Clinician), aliased(Clinician)
    return (
        _row(
            case(
                (IntegrationSession.held_at.is_(None), LooseKind.INTEGRATION.value),
                else_=LooseKind.NOTE.value,
            ),
            IntegrationSession,
            IntegrationSession.kind,
            IntegrationSession.held_at,
            who=func.coalesce(author.name, holder.name),
            planned_at=IntegrationSession.planned_at,
        )
        .add_columns(IntegrationSessionFor.ketamine_session_id.label("dose_id"))
        .outerjoin(
            IntegrationSessionFor,
            IntegrationSessionFor.integration_session_id == IntegrationSession.id,
        )
        .outerjoin(
            draft,
            and_(
                draft.integration_session_id == IntegrationSession.id,
                draft.signed_at.is_(None),
                draft.voided_at.is_(None),
            ),
        )
        .outerjoin(author, author.id == draft.author_id)
        .outerjoin(holder, holder.id == IntegrationSession.held_by_id)
        .where(
            IntegrationSession.episode_id == episode_id,
            IntegrationSession.dropped_at.is_(None),
            IntegrationSession.closed_at.is_(None),
            or_(IntegrationSession.held_at.is_(None), ~signed),
        )
    )


def _to_be_integrated(episode: Episode, doses: dict[str, Any], rows: list[Any]) -> Iterator[Loose]:
    """What waits to be held, and the doses that no integration session stands for."""
    links: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        links[row.id] += [row.dose_id] if row.dose_id else []
    for row in {row.id: row for row in rows}.values():
        linked = list(dict.fromkeys(links[row.id]))
        ahead = [id_ for id_ in linked if id_ in doses and doses[id_].last_at is None]
        # Its booking is cancelled together with the one dose that it is for.
        goes_with_it = (
            linked == ahead
            and len(ahead) == 1
            and doses[ahead[0]].status in _OPEN
            and row.kind == IntegrationKind.FULL
        )
        if not goes_with_it:
            given = [doses[id_].last_at for id_ in linked if id_ in doses and doses[id_].last_at]
            yield Loose(
                LooseKind.INTEGRATION,
                row.id,
                at=min(given, default=None),
                planned_at=row.planned_at,
                what=IntegrationKind(row.kind),
                version=row.version,
                dose_ids=tuple(linked),
            )
    for row in doses.values():
        if episode.expects_integration and row.last_at is not None and not row.integrated:
            yield Loose(
                LooseKind.INTEGRATION,
                row.id,
                at=row.last_at,
                what=IntegrationKind.FULL,
                dose_ids=(row.id,),
            )


def _drafts(episode_id: str) -> Select[Any]:
    """Unsigned notes about the course in which somebody has typed."""
    return (
        _plain(LooseKind.DRAFT, Note, Note.kind, Note.started_at, who=Clinician.name)
        .join(Clinician, Clinician.id == Note.author_id)
        .where(
            Note.episode_id == episode_id,
            Note.kind.in_(tuple(kind for kind in NoteKind if kind.is_about_course)),
            Note.signed_at.is_(None),
            Note.voided_at.is_(None),
            has_words(),
        )
    )


def _contacts(episode_id: str) -> Select[Any]:
    return (
        _plain(LooseKind.CONTACT, Contact, Contact.kind, Contact.planned_at, who=Clinician.name)
        .join(Clinician, Clinician.id == Contact.with_id)
        .where(
            Contact.episode_id == episode_id,
            Contact.outcome.is_(None),
            Contact.planned_at.is_not(None),
        )
    )


def _contact(row: Any, now: datetime) -> Loose:
    kind = ContactKind(row.kind)
    standing = judge_contact(kind, row.at, None, Part.THERAPIST, now)
    return Loose(
        LooseKind.CONTACT,
        row.id,
        at=row.at,
        who=row.who,
        what=kind,
        is_asked=standing.stage is ContactStage.DID_IT_HAPPEN,
        version=row.version,
    )


def _asks(episode_id: str, now: datetime) -> Select[Any]:
    """The questions whose answer nobody has read yet.

    The parts and ids of who asked and who is asked are one text in `kind`; when it was answered
    stands in `planned_at`, and who is on the course where other rows name a dose.
    """
    sides: ColumnElement[str] = type_coerce(Ask.by_part, String)
    for side in (Ask.asked_by_id, type_coerce(Ask.of_part, String), Ask.asked_of_id):
        sides = sides.concat(_BETWEEN).concat(side)
    return (
        _row(
            literal(LooseKind.ASK.value),
            Ask,
            sides,
            Ask.asked_at,
            who=Clinician.name,
            planned_at=Ask.answered_at,
        )
        .add_columns(cast(seats(Ask.episode_id, now), String).label("dose_id"))
        .join(Clinician, Clinician.id == Ask.asked_of_id)
        .where(Ask.episode_id == episode_id, Ask.settled_at.is_(None), Ask.voided_at.is_(None))
    )


def _ask(row: Any, viewer: Viewer, now: datetime) -> Loose:
    by_part, by_id, of_part, of_id = row.kind.split(_BETWEEN)
    seated, names = read_seats(row.dose_id)
    standing = judge_ask(
        AskFacts(
            asked_by=Seat(by_id, Part(by_part)),
            asked_of=Seat(of_id, Part(of_part)),
            due_at=row.at,
            answered_at=row.planned_at,
            settled_at=None,
        ),
        seated,
        viewer.stands_for,
        now,
    )
    return Loose(
        LooseKind.ASK,
        row.id,
        at=row.at,
        who=names.get(standing.of_id, row.who),
        what=standing.stage,
        version=row.version,
        withdrawable=standing.is_asked_by_me,
    )


def _consents(episode_id: str) -> Select[Any]:
    """The newest of each type, where nobody has revoked it (rule 22)."""
    newest = (
        select(
            Consent.id,
            func.row_number()
            .over(
                partition_by=Consent.type,
                order_by=(
                    Consent.signed_on.desc(),
                    Consent.recorded_at.desc(),
                    Consent.id.desc(),
                ),
            )
            .label("recency"),
        )
        .where(Consent.episode_id == episode_id, Consent.voided_at.is_(None))
        .subquery()
    )
    return (
        _plain(LooseKind.CONSENT, Consent, Consent.type, cast(null(), UtcDateTime()))
        .join(newest, newest.c.id == Consent.id)
        .where(newest.c.recency == 1, Consent.revoked_on.is_(None))
    )


def _holds(episode_id: str) -> Select[Any]:
    return _plain(LooseKind.HOLD, Hold, Hold.reason, Hold.since_at).where(
        Hold.episode_id == episode_id, Hold.released_at.is_(None)
    )


def _waits(episode_id: str) -> Select[Any]:
    return (
        _plain(
            LooseKind.WAIT,
            OutsideWait,
            OutsideWait.kind,
            OutsideWait.recorded_at,
            who=Clinician.name,
        )
        .join(Clinician, Clinician.id == OutsideWait.caller_id)
        .where(OutsideWait.episode_id == episode_id, OutsideWait.outcome.is_(None))
    )


def _concerns(episode: Episode) -> Select[Any]:
    """The client's open concerns, where no other open course would bring them up any more."""
    other = aliased(Episode)
    goes_on = exists().where(
        other.client_id == episode.client_id,
        other.id != episode.id,
        other.closed_at.is_(None),
    )
    return (
        _plain(LooseKind.CONCERN, Concern, Concern.kind, Concern.raised_at, who=Clinician.name)
        .join(Clinician, Clinician.id == Concern.raised_by_id)
        .where(Concern.client_id == episode.client_id, Concern.closed_at.is_(None), ~goes_on)
    )


def _actions(episode_id: str) -> Select[Any]:
    return (
        _plain(
            LooseKind.ACTION,
            Action,
            null(),
            Action.agreed_at,
            who=Clinician.name,
            on=Action.due_on,
            words=Action.words,
        )
        .join(Clinician, Clinician.id == Action.owner_id)
        .where(Action.episode_id == episode_id, Action.ended_at.is_(None))
    )


def _marks(episode_id: str) -> Select[Any]:
    return (
        _plain(
            LooseKind.MARK,
            DiscussMark,
            null(),
            DiscussMark.marked_at,
            who=Clinician.name,
            words=DiscussMark.words,
        )
        .join(Clinician, Clinician.id == DiscussMark.marked_by_id)
        .where(DiscussMark.episode_id == episode_id, DiscussMark.settled_at.is_(None))
    )


def _plain(what: LooseKind, of: Any, kind: Any, at: Any, **more: Any) -> Select[Any]:
    """A row that is about no dose."""
    row = _row(literal(what.value), of, kind, at, **more)
    return row.add_columns(cast(null(), String).label("dose_id"))
