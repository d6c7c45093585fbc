"""The rows that a course's standing is judged from: seven statements, whatever the size.

The first finds the courses and who is on them. The others are about those by id; they are made
once, because to make them takes as long as to run them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Executable,
    Integer,
    ScalarSelect,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
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
from sqlalchemy.types import TypeEngine

from kapteam.db import asks, case_reviews, home_rows, signal_rows
from kapteam.db.clearances import newest_clearance
from kapteam.db.concerns import has_prescriber, last_seen_at, misses_risk_note, unseen_by
from kapteam.db.matters import matter
from kapteam.db.reviewed import reviewed_for
from kapteam.db.rows import rows_of
from kapteam.db.series import reviewed_before
from kapteam.db.settled import note_is_signed, settled, settled_here
from kapteam.db.signing import has_words
from kapteam.db.spravato import enrolled_on, is_as_submitted, is_submitted
from kapteam.db.tables import (
    Absence,
    Administration,
    Clearance,
    Client,
    Clinician,
    ClinicianFunction,
    Concern,
    Consent,
    Contact,
    Episode,
    EpisodeMember,
    Hold,
    Inquiry,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    OutsideWait,
    ReadinessAnswer,
    RecordSignature,
    Series,
    SignOff,
    Vital,
    Weight,
)
from kapteam.db.types import UtcDateTime
from kapteam.queries.client_names import CLIENT_NAME
from kapteam.queries.pinned import PINNED
from kapteam.rules.contacts import Touches
from kapteam.rules.notes import POSTPONE
from kapteam.vocabulary import (
    ContactKind,
    ContactOutcome,
    Function,
    Part,
    ProductRoute,
    RecordPart,
    SessionStatus,
)

_wanted = (
    select(Episode.id).where(Episode.id.in_(bindparam("wanted", expanding=True))).cte("wanted")
)
_WANTED = select(_wanted.c.id)
# With the courses that ended and handed an integration that was owed on to them.
_CONCERNED = select(
    _WANTED.union(
        select(IntegrationSession.from_episode_id).where(
            IntegrationSession.episode_id.in_(_WANTED),
            IntegrationSession.from_episode_id.is_not(None),
        )
    )
    .cte("concerned")
    .c.id
)
_NOW = bindparam("now", type_=UtcDateTime())
_BREACHED_SINCE = bindparam("breached_since", type_=UtcDateTime())
_TOUCHED_SINCE = bindparam("touched_since", type_=UtcDateTime())
TOUCHES = tuple(Touches.__dataclass_fields__)
"""The columns of `Touches` in a row of `EPISODES`."""
_OPEN = tuple(status for status in SessionStatus if status.is_open)
_GIVEN = tuple(status for status in SessionStatus if status.is_given)
_UNKEPT = (SessionStatus.CANCELLED, SessionStatus.MISSED)
# Made once: what is asked of an alias is put together when it is first asked.
_cover = aliased(Clinician)


def members(db: Session, wanted: Any, now: datetime) -> list[Any]:
    """The courses with who has which part in them at `now`, a row without a part if nobody has.

    Of who is away then, until when and who covers. In the order the courses were opened.
    """
    return rows_of(
        db,
        select(
            Episode.id.label("episode_id"),
            EpisodeMember.part,
            EpisodeMember.clinician_id,
            EpisodeMember.elsewhere,
            Clinician.name,
            Clinician.suspended_at,
            Absence.until_at.label("away_until"),
            _cover.name.label("cover"),
        )
        .outerjoin(
            EpisodeMember,
            and_(
                EpisodeMember.episode_id == Episode.id,
                EpisodeMember.from_at <= now,
                or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
            ),
        )
        .outerjoin(Clinician, Clinician.id == EpisodeMember.clinician_id)
        .outerjoin(
            Absence,
            and_(
                Absence.clinician_id == EpisodeMember.clinician_id,
                Absence.from_at <= now,
                Absence.until_at > now,
                Absence.voided_at.is_(None),
            ),
        )
        .outerjoin(_cover, _cover.id == Absence.covered_by_id)
        .where(Episode.id.in_(wanted))
        .order_by(Episode.opened_at, Episode.id, EpisodeMember.from_at, EpisodeMember.id),
    )


def _courses() -> Select[*tuple[Any, ...]]:
    """The courses as far as their sessions are judged by them, each with its client.

    With the pause in force, the clearance that holds, its consents, the next preparation, since
    when they are enrolled for Spravato, and whether a high suicide risk still waits for a
    prescriber's note.
    """
    consents = _consents()
    preparation = (
        select(func.min(Contact.planned_at, type_=UtcDateTime()))
        .where(
            Contact.episode_id == Episode.id,
            Contact.kind == ContactKind.PREPARATION,
            Contact.outcome.is_(None),
            Contact.planned_at > _NOW,
        )
        .correlate(Episode)
        .scalar_subquery()
    )
    return (
        select(
            Episode.id.label("episode_id"),
            Episode.service_line,
            Episode.state,
            Episode.expects_intention,
            Episode.expects_integration,
            Episode.closed_at,
            *CLIENT_NAME,
            *PINNED,
            Hold.reason.label("hold_reason"),
            Hold.look_again_on,
            Hold.since_at.label("hold_since"),
            Clearance.decision.label("clearance"),
            Clearance.decided_at.label("cleared_at"),
            Clearance.routes,
            Clearance.ceiling_ug,
            Clearance.ceiling_ug_per_kg,
            Clearance.valid_until_on,
            _weighs().label("grams"),
            enrolled_on(Client.id).label("enrolled_on"),
            consents.c.consents,
            preparation.label("preparation_at"),
            misses_risk_note().label("misses_risk_note"),
        )
        .join(Client, Client.id == Episode.client_id)
        .outerjoin(Hold, and_(Hold.episode_id == Episode.id, Hold.released_at.is_(None)))
        .outerjoin(Clearance, Clearance.id == newest_clearance())
        .outerjoin(consents, consents.c.episode_id == Episode.id)
        .where(Episode.id.in_(_WANTED))
    )


def _episodes() -> Executable:
    """The same, and what else is judged of a course.

    How many appointments in a row were missed, when the client first called and was last met or
    spoken to, when those who treat last reviewed it, when a case review last decided about it, and
    of one that ended since when it waits for whose sign-off.
    """
    touches = _touches()
    return (
        _courses()
        .add_columns(
            Episode.state_since,
            Episode.opened_at,
            _first_call().label("called_at"),
            _misses().label("misses"),
            *(touches.c[one] for one in TOUCHES),
            *(_sign_off_waits(part) for part in (Part.PRESCRIBER, Part.THERAPIST)),
            reviewed_for(Episode.id, Part.PRESCRIBER, _NOW).label("reviewed_until"),
            case_reviews.last_reviewed_at(Episode.id).label("last_reviewed_at"),
            case_reviews.was_not_reached(Episode.id).label("not_reached"),
        )
        .outerjoin(touches, touches.c.episode_id == Episode.id)
    )


def _weighs() -> ScalarSelect[int | None]:
    """What the client weighed last, in grams, of what was not entered in error."""
    return (
        select(Weight.grams)
        .where(Weight.client_id == Client.id, Weight.voided_at.is_(None))
        .order_by(Weight.measured_on.desc(), Weight.recorded_at.desc(), Weight.id.desc())
        .limit(1)
        .correlate(Client)
        .scalar_subquery()
    )


def _touches() -> Subquery:
    """How often, first and last the client of each course was dosed, and met or spoken to."""
    kept = (ContactOutcome.HELD, ContactOutcome.REACHED)
    touch = union_all(
        select(
            KetamineSession.episode_id,
            KetamineSession.planned_at.label("dose_at"),
            type_coerce(null(), UtcDateTime).label("talk_at"),
        ).where(
            KetamineSession.episode_id.in_(_WANTED),
            KetamineSession.status.in_(_GIVEN),
            KetamineSession.planned_at > _TOUCHED_SINCE,
        ),
        select(IntegrationSession.episode_id, null(), IntegrationSession.held_at).where(
            IntegrationSession.episode_id.in_(_WANTED), IntegrationSession.held_at > _TOUCHED_SINCE
        ),
        select(Episode.id, null(), Contact.happened_at)
        .join(Episode, Episode.client_id == Contact.client_id)
        .where(
            Episode.id.in_(_WANTED),
            or_(Contact.episode_id.is_(None), Contact.episode_id == Episode.id),
            Contact.outcome.in_(kept),
            Contact.happened_at > _TOUCHED_SINCE,
        ),
    ).subquery()

    def of(kind: str) -> tuple[ColumnElement[Any], ...]:
        at = touch.c[f"{kind}_at"]
        return (
            func.count(at).label(f"{kind}s"),
            func.min(at, type_=UtcDateTime()).label(f"first_{kind}_at"),
            func.max(at, type_=UtcDateTime()).label(f"last_{kind}_at"),
        )

    return (
        select(touch.c.episode_id, *of("dose"), *of("talk")).group_by(touch.c.episode_id).subquery()
    )


def _first_call() -> ColumnElement[datetime]:
    """When the client called before the first course; a later course did not begin with it."""
    earlier = aliased(Episode)
    return (
        select(Inquiry.called_at)
        .where(
            Inquiry.client_id == Episode.client_id,
            ~exists()
            .where(earlier.client_id == Episode.client_id, earlier.opened_at < Episode.opened_at)
            .correlate(Episode),
        )
        .correlate(Episode)
        .scalar_subquery()
    )


def _sign_off_waits(part: Part) -> ColumnElement[datetime]:
    """Since when a course that ended waits for this part's sign-off."""
    asked_at = (
        select(func.min(SignOff.asked_at, type_=UtcDateTime()))
        .where(
            SignOff.episode_id == Episode.id,
            SignOff.part == part,
            SignOff.signed_at.is_(None),
            Episode.closed_at.is_not(None),
        )
        .correlate(Episode)
        .scalar_subquery()
    )
    return asked_at.label(f"{part.value}_asked_at")


def _misses() -> ColumnElement[int]:
    """How many ketamine sessions and contacts were missed since the last one that was kept."""
    session, contact = aliased(KetamineSession), aliased(Contact)
    missed = (
        (session, session.planned_at, session.status == SessionStatus.MISSED),
        (contact, contact.happened_at, contact.outcome == ContactOutcome.MISSED),
    )
    counts = [
        select(func.count(of.id))
        .where(of.episode_id == Episode.id, is_missed, *(~one for one in _kept_after(of, at)))
        .correlate(Episode)
        .scalar_subquery()
        for of, at, is_missed in missed
    ]
    return counts[0] + counts[1]


def _kept_after(missed: Any, at: Any) -> Iterable[ColumnElement[bool]]:
    """Whether something of the same course was kept after `at`, a column of `missed`."""
    kept: tuple[tuple[Any, ColumnElement[bool]], ...] = (
        (
            KetamineSession,
            and_(KetamineSession.status.in_(_GIVEN), KetamineSession.planned_at > at),
        ),
        (IntegrationSession, IntegrationSession.held_at > at),
        (
            Contact,
            and_(
                Contact.outcome.in_((ContactOutcome.HELD, ContactOutcome.REACHED)),
                Contact.happened_at > at,
            ),
        ),
    )
    for table, is_kept in kept:
        # Named, because of what stands around it only the nearest is found without.
        yield (
            select(table.id)
            .where(table.episode_id == Episode.id, is_kept)
            .correlate(Episode, missed)
            .exists()
        )


def _given_by_dose() -> Subquery:
    """What was given in each ketamine session of these courses, boosters included (rule 4)."""
    ended = func.coalesce(Administration.ended_at, Administration.started_at)
    unconfirmed = and_(
        Administration.told_by_id.is_not(None), Administration.confirmed_at.is_(None)
    )
    return (
        select(
            Administration.ketamine_session_id.label("dose_id"),
            func.max(ended, type_=UtcDateTime()).label("last_at"),
            func.min(Administration.started_at, type_=UtcDateTime()).label("first_at"),
            func.sum(Administration.ug).label("ug"),
            func.sum(case((unconfirmed, 1), else_=0)).label("unconfirmed"),
            func.max(Administration.recorded_at, type_=UtcDateTime()).label("recorded_at"),
        )
        .join(KetamineSession, KetamineSession.id == Administration.ketamine_session_id)
        .where(KetamineSession.episode_id.in_(_CONCERNED), Administration.voided_at.is_(None))
        .group_by(Administration.ketamine_session_id)
        .subquery()
    )


def _series() -> Executable:
    """Their series with how many were given and are booked, the running one last (rule 8)."""
    given = _given_by_dose()
    open_ahead = and_(KetamineSession.status.in_(_OPEN), given.c.dose_id.is_(None))
    return (
        select(
            Series.id,
            Series.episode_id,
            Series.product_route,
            Series.ordered_count,
            Series.review_before,
            Series.started_at,
            Series.ended_at,
            func.count(given.c.dose_id).label("given"),
            func.sum(case((open_ahead, 1), else_=0)).label("booked"),
            reviewed_before(Series.id).label("reviewed_before"),
        )
        .outerjoin(KetamineSession, KetamineSession.series_id == Series.id)
        .outerjoin(given, given.c.dose_id == KetamineSession.id)
        .where(Series.episode_id.in_(_WANTED))
        .group_by(
            Series.id,
            Series.episode_id,
            Series.product_route,
            Series.ordered_count,
            Series.review_before,
            Series.started_at,
            Series.ended_at,
        )
        .order_by(Series.ended_at.is_(None), Series.started_at, Series.id)
    )


def _doses() -> Executable:
    """Ketamine sessions that are open, unsettled, to sign or last given, numbered in their series.

    Also those recorded since `breached_since` although planning refused them (rule 35), and those
    of Spravato whose monitoring form did not go out as it is now (rule 39). What was
    `handed_on` was given on a course that ended before, and only its integration is owed here.
    """
    given = _given_by_dose()
    numbered = (
        select(
            KetamineSession.id,
            func.row_number()
            .over(
                partition_by=KetamineSession.series_id,
                order_by=(
                    func.coalesce(given.c.first_at, KetamineSession.planned_at),
                    KetamineSession.id,
                ),
            )
            .label("number"),
            func.row_number()
            .over(
                partition_by=KetamineSession.episode_id,
                order_by=(given.c.last_at.is_(None), given.c.last_at.desc(), KetamineSession.id),
            )
            .label("recency"),
            given.c.last_at,
            given.c.first_at,
            given.c.ug,
            given.c.unconfirmed,
            given.c.recorded_at,
        )
        .outerjoin(given, given.c.dose_id == KetamineSession.id)
        .where(
            KetamineSession.episode_id.in_(_CONCERNED),
            KetamineSession.status.in_(_OPEN + _GIVEN),
        )
        .cte("numbered")
    )
    carried = (
        select(
            IntegrationSession.episode_id,
            IntegrationSession.from_episode_id,
            IntegrationSessionFor.ketamine_session_id,
        )
        .join(
            IntegrationSessionFor,
            IntegrationSessionFor.integration_session_id == IntegrationSession.id,
        )
        .where(_unsettled(), IntegrationSession.from_episode_id.is_not(None))
        .subquery()
    )

    def rows(of: Any, is_settled: Any, *, handed_on: bool) -> Any:
        """A row for each of these ketamine sessions, as one of the course `of`."""
        return (
            select(
                KetamineSession.id.label("id"),
                of.label("episode_id"),
                literal(handed_on).label("handed_on"),
                KetamineSession.series_id,
                KetamineSession.status,
                KetamineSession.planned_at.label("planned_at"),
                KetamineSession.planned_minutes,
                KetamineSession.place,
                KetamineSession.at_home,
                KetamineSession.people_present,
                KetamineSession.local_emergency,
                KetamineSession.order_state,
                KetamineSession.ordered_ug,
                KetamineSession.ordered_at,
                KetamineSession.ceiling_reason,
                KetamineSession.may_add_ug,
                KetamineSession.may_add_from_minutes,
                KetamineSession.may_add_to_minutes,
                KetamineSession.arrived_at,
                KetamineSession.discharged_at,
                KetamineSession.breach_reason,
                KetamineSession.version,
                _answers().label("answers"),
                _last_pressure().label("last_pressure"),
                *(_signature_waits(part) for part in RecordPart),
                is_submitted().label("form_submitted"),
                is_as_submitted().label("form_as_submitted"),
                Series.product_route,
                Series.ordered_count,
                numbered.c.number,
                numbered.c.recency,
                numbered.c.last_at,
                numbered.c.first_at,
                numbered.c.ug,
                numbered.c.unconfirmed,
                numbered.c.recorded_at,
                is_settled.label("settled"),
            )
            .join(numbered, numbered.c.id == KetamineSession.id)
            .join(Series, Series.id == KetamineSession.series_id)
        )

    own = (
        rows(KetamineSession.episode_id, settled_here(), handed_on=False)
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .where(
            KetamineSession.episode_id.in_(_WANTED),
            or_(
                KetamineSession.status.in_(_OPEN),
                and_(numbered.c.recency == 1, numbered.c.last_at.is_not(None)),
                numbered.c.unconfirmed > 0,
                and_(
                    KetamineSession.breach_reason != "",
                    numbered.c.recorded_at > _BREACHED_SINCE,
                ),
                and_(
                    KetamineSession.status.in_(_GIVEN),
                    Episode.expects_integration,
                    ~settled_here(),
                ),
                KetamineSession.id.in_(_to_be_integrated()),
                KetamineSession.id.in_(
                    select(RecordSignature.ketamine_session_id).where(
                        RecordSignature.signed_at.is_(None)
                    )
                ),
                and_(
                    Series.product_route == ProductRoute.ESKETAMINE_NASAL,
                    numbered.c.first_at.is_not(None),
                    ~is_as_submitted(),
                ),
            ),
        )
    )
    handed_on = rows(carried.c.episode_id, settled(), handed_on=True).join(
        carried,
        and_(
            carried.c.ketamine_session_id == KetamineSession.id,
            carried.c.from_episode_id == KetamineSession.episode_id,
        ),
    )
    both = union_all(own, handed_on)
    return both.order_by("planned_at", "id")


def _last_pressure() -> ColumnElement[str]:
    """The last blood pressure that was read at a session: `128/82`."""
    return (
        select(cast(Vital.systolic, String).concat("/").concat(cast(Vital.diastolic, String)))
        .where(
            Vital.ketamine_session_id == KetamineSession.id,
            Vital.voided_at.is_(None),
            Vital.systolic.is_not(None),
        )
        .order_by(Vital.taken_at.desc(), Vital.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _answers() -> ColumnElement[str]:
    """What counts of the answers before a session: `ride:fine,fasting:not_fine`."""
    return (
        select(
            func.aggregate_strings(
                type_coerce(ReadinessAnswer.item, String)
                .concat(":")
                .concat(type_coerce(ReadinessAnswer.answer, String)),
                ",",
            )
        )
        .where(
            ReadinessAnswer.ketamine_session_id == KetamineSession.id,
            ReadinessAnswer.replaced_at.is_(None),
        )
        .correlate(KetamineSession)
        .scalar_subquery()
    )


def _signature_waits(part: RecordPart) -> ColumnElement[datetime]:
    """Since when a session's record waits for the signature of this part."""
    asked_at = (
        select(RecordSignature.asked_at)
        .where(
            RecordSignature.ketamine_session_id == KetamineSession.id,
            RecordSignature.part == part,
            RecordSignature.signed_at.is_(None),
        )
        .correlate(KetamineSession)
        .scalar_subquery()
    )
    return asked_at.label(f"{part.value}_to_sign_at")


def _unsettled() -> ColumnElement[bool]:
    """The integration sessions of the wanted courses that still ask for something."""
    return and_(
        IntegrationSession.episode_id.in_(_WANTED),
        IntegrationSession.dropped_at.is_(None),
        IntegrationSession.closed_at.is_(None),
        or_(IntegrationSession.held_at.is_(None), ~note_is_signed()),
    )


def _to_be_integrated() -> Any:
    """The ketamine sessions that an integration session is still to be held or written for."""
    return (
        select(IntegrationSessionFor.ketamine_session_id)
        .join(
            IntegrationSession,
            IntegrationSession.id == IntegrationSessionFor.integration_session_id,
        )
        .where(_unsettled())
    )


def _integrations() -> Executable:
    """Integration sessions that still ask for something, a row for each dose they integrate."""
    return (
        select(
            IntegrationSession.id,
            IntegrationSession.episode_id,
            IntegrationSession.version,
            IntegrationSession.kind,
            IntegrationSession.how,
            IntegrationSession.planned_at,
            IntegrationSession.planned_minutes,
            IntegrationSession.due_on,
            IntegrationSession.agreed_for,
            IntegrationSession.held_at,
            IntegrationSession.held_by_id,
            IntegrationSession.therapist_id,
            Clinician.name.label("therapist"),
            IntegrationSessionFor.ketamine_session_id,
        )
        .outerjoin(
            IntegrationSessionFor,
            IntegrationSessionFor.integration_session_id == IntegrationSession.id,
        )
        .outerjoin(Clinician, Clinician.id == IntegrationSession.therapist_id)
        .where(_unsettled())
        .order_by(IntegrationSession.planned_at, IntegrationSession.id)
    )


def _notes() -> Executable:
    """Unsigned notes, and signed intentions of ketamine sessions that are open or without an Out.

    No text of either; of an intention only whether it says to postpone.
    """
    return (
        select(
            Note.id,
            Note.episode_id,
            Note.kind,
            Note.ketamine_session_id,
            Note.integration_session_id,
            Note.author_id,
            Note.started_at,
            Note.signed_at,
            Clinician.name.label("author"),
            has_words().label("has_words"),
            (Note.body["ready"].as_string() == POSTPONE).label("postpones"),
        )
        .join(Clinician, Clinician.id == Note.author_id)
        .outerjoin(KetamineSession, KetamineSession.id == Note.ketamine_session_id)
        .where(
            Note.episode_id.in_(_WANTED),
            Note.voided_at.is_(None),
            or_(
                Note.signed_at.is_(None),
                KetamineSession.status.in_(_OPEN),
                and_(
                    KetamineSession.status.in_(_GIVEN),
                    KetamineSession.discharged_at.is_(None),
                ),
            ),
        )
        .order_by(Note.started_at, Note.id)
    )


CONCERN, WAIT, AUTHORIZATION = "concern", "wait", "authorization"
UNKEPT, PLANNED = "unkept", "planned"
"""What a row of `MATTERS` is about."""


def _matters() -> Executable:
    """What else is true of them: concerns, questions, actions, medicine at home, waits outside.

    One statement, because to ask takes longer than to read so few rows; what a column means depends
    on what a row is about.
    """
    return union_all(
        _concerns(),
        _open_waits(),
        _authorizations(),
        _unkept(),
        _planned(),
        asks.select_open(_WANTED),
        *case_reviews.selects(_WANTED),
        *home_rows.selects(_WANTED),
        *signal_rows.selects(
            _WANTED,
            bindparam("alerts_since", type_=UtcDateTime()),
            bindparam("quieted_since", type_=UtcDateTime()),
            bindparam("tells_alerts", type_=Boolean()),
        ),
    )


def _concerns() -> Select[Any]:
    """The open concerns; on every open course of a client the same.

    Who has not seen one stands where other rows have a person's id.
    """
    waited_for = unseen_by(_NOW)
    return (
        select(
            literal(CONCERN).label("what"),
            Episode.id.label("episode_id"),
            Concern.id,
            type_coerce(Concern.kind, String).label("kind"),
            type_coerce(Concern.level, String).label("level"),
            Concern.raised_at.label("at"),
            _no(Date()).label("from_on"),
            _no(Date()).label("until_on"),
            waited_for.label("person_id"),
            Clinician.name.label("person"),
            case((waited_for.is_(None), last_seen_at())).label("seen_at"),
            Concern.version.label("number"),
            case((has_prescriber(_NOW), 1), else_=0).label("ug"),
            *_NOWHERE,
        )
        .join(Concern, Concern.client_id == Episode.client_id)
        .join(Clinician, Clinician.id == Concern.raised_by_id)
        .where(Episode.id.in_(_WANTED), Concern.closed_at.is_(None))
    )


def _no(kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """Nothing, of the type that another part of the union has there: PostgreSQL asks for it."""
    return cast(null(), kind)


_NOWHERE = [_no(String()).label(name) for name in ("how", "place", "emergency")]
"""The end of the rows that are of no place."""


def _consents() -> Subquery:
    """The newest consent of each type, but for those entered in error (rule 66), as a text.

    `off_label:2027-01-01:` says the type, until when, and since when it is revoked.
    """
    newest = (
        select(
            Consent.episode_id,
            Consent.type,
            Consent.expires_on,
            Consent.revoked_on,
            func.row_number()
            .over(
                partition_by=(Consent.episode_id, Consent.type),
                order_by=(
                    Consent.signed_on.desc(),
                    Consent.recorded_at.desc(),
                    Consent.id.desc(),
                ),
            )
            .label("recency"),
        )
        .where(Consent.episode_id.in_(_WANTED), Consent.voided_at.is_(None))
        .subquery()
    )

    def day(column: ColumnElement[Any]) -> ColumnElement[str]:
        return func.coalesce(cast(column, String), "")

    one = (
        type_coerce(newest.c.type, String)
        .concat(":")
        .concat(day(newest.c.expires_on))
        .concat(":")
        .concat(day(newest.c.revoked_on))
    )
    return (
        select(newest.c.episode_id, func.aggregate_strings(one, ",").label("consents"))
        .where(newest.c.recency == 1)
        .group_by(newest.c.episode_id)
        .subquery()
    )


def _open_waits() -> Select[Any]:
    """Whom they wait on outside, since when; when to call them back, and who does."""
    return (
        _with_caller(
            select(
                literal(WAIT),
                OutsideWait.episode_id,
                OutsideWait.id,
                type_coerce(OutsideWait.kind, String),
                OutsideWait.who,
                _no(UtcDateTime()),
                OutsideWait.since_on,
                OutsideWait.call_back_on,
            ),
            _no(Integer()),
        )
    ).where(OutsideWait.outcome.is_(None))


def _authorizations() -> Select[Any]:
    """What insurers authorized: how many visits, until when, and how many of them were used.

    Never typed: used is every ketamine session given in that time.
    """
    used = (
        select(func.count(Administration.ketamine_session_id.distinct()))
        .join(KetamineSession, KetamineSession.id == Administration.ketamine_session_id)
        .where(
            KetamineSession.episode_id == OutsideWait.episode_id,
            Administration.voided_at.is_(None),
            Administration.started_at >= OutsideWait.valid_from_at,
            Administration.started_at < OutsideWait.valid_until_at,
        )
        .correlate(OutsideWait)
        .scalar_subquery()
    )
    return _with_caller(
        select(
            literal(AUTHORIZATION),
            OutsideWait.episode_id,
            OutsideWait.id,
            type_coerce(OutsideWait.kind, String),
            cast(OutsideWait.visits, String),
            OutsideWait.valid_until_at,
            _no(Date()),
            _no(Date()),
        ),
        used,
    ).where(OutsideWait.visits.is_not(None))


def _unkept() -> Select[Any]:
    """Ketamine sessions that were cancelled or missed and in whose place none came.

    In its place came any that was to be later, or was booked after it was called off.
    """
    other = aliased(KetamineSession)
    came = exists().where(
        other.episode_id == KetamineSession.episode_id,
        other.status.not_in(_UNKEPT),
        or_(
            other.planned_at > KetamineSession.planned_at,
            other.created_at > KetamineSession.closed_at,
        ),
    )
    return select(
        literal(UNKEPT),
        KetamineSession.episode_id,
        KetamineSession.id,
        type_coerce(KetamineSession.status, String),
        _no(String()),
        KetamineSession.planned_at,
        _no(Date()),
        _no(Date()),
        _no(String()),
        _no(String()),
        _no(UtcDateTime()),
        _no(Integer()),
        _no(Integer()),
        *_NOWHERE,
    ).where(KetamineSession.episode_id.in_(_WANTED), KetamineSession.status.in_(_UNKEPT), ~came)


def _with_caller(waits: Select[Any], number: ColumnElement[Any]) -> Select[Any]:
    """The rows of waits with who calls, their name, until when they are away, and a number.

    Nobody by id once they can no longer: their sign-in is off, or they left the course and are not
    the front desk.
    """
    is_on_it = exists().where(
        EpisodeMember.episode_id == OutsideWait.episode_id,
        EpisodeMember.clinician_id == OutsideWait.caller_id,
        EpisodeMember.from_at <= _NOW,
        or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > _NOW),
    )
    is_at_the_desk = exists().where(
        ClinicianFunction.clinician_id == OutsideWait.caller_id,
        ClinicianFunction.function == Function.COORDINATOR,
    )
    may_call = and_(Clinician.suspended_at.is_(None), or_(is_on_it, is_at_the_desk))
    return (
        waits.add_columns(
            case((may_call, OutsideWait.caller_id)),
            Clinician.name,
            Absence.until_at,
            number,
            _no(Integer()),
            *_NOWHERE,
        )
        .join(Clinician, Clinician.id == OutsideWait.caller_id)
        .outerjoin(
            Absence,
            and_(
                Absence.clinician_id == OutsideWait.caller_id,
                Absence.from_at <= _NOW,
                Absence.until_at > _NOW,
                Absence.voided_at.is_(None),
            ),
        )
        .where(OutsideWait.episode_id.in_(_WANTED))
    )


def _planned() -> Select[Any]:
    """What is planned on them besides ketamine and integration, and with whom.

    Its version and minutes stand where other rows have numbers.
    """
    return (
        matter(
            PLANNED,
            Contact.episode_id,
            id=Contact.id,
            kind=type_coerce(Contact.kind, String),
            at=Contact.planned_at,
            person_id=Contact.with_id,
            person=Clinician.name,
            number=Contact.version,
            ug=Contact.planned_minutes,
            how=type_coerce(Contact.how, String),
            place=Contact.place,
            emergency=Contact.local_emergency,
        )
        .join(Clinician, Clinician.id == Contact.with_id)
        .where(Contact.episode_id.in_(_WANTED), Contact.outcome.is_(None))
    )


COURSES = _courses()
EPISODES = _episodes()
SERIES = _series()
DOSES = _doses()
INTEGRATIONS = _integrations()
NOTES = _notes()
MATTERS = _matters()
PLANS = _planned()
