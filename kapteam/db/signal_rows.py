"""The rows that alerts are judged from, as parts of a statement that asks for more."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    String,
    case,
    cast,
    exists,
    extract,
    func,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kapteam.db.clearances import newest_clearance
from kapteam.db.matters import by_what, matter
from kapteam.db.scores import COUNTS
from kapteam.db.tables import (
    Absence,
    Acknowledgement,
    Administration,
    AdverseEvent,
    Clearance,
    Clinician,
    ClinicianFunction,
    Contact,
    Episode,
    EpisodeMember,
    Hold,
    KetamineSession,
    Note,
    PrescriptionLookup,
    RecordSignature,
    Score,
    Series,
    SeriesReview,
    SupportRecord,
    Vital,
)
from kapteam.db.types import UtcDateTime
from kapteam.rules.alerts import LONGEST_QUIET, Quieted
from kapteam.rules.change import Taken
from kapteam.rules.escalation import GivenDose
from kapteam.rules.score_signals import CourseAsked, ScoreFacts, TakenScore
from kapteam.rules.series import GivenSeries, measured_together
from kapteam.rules.signals import (
    LOOKED_BACK,
    EventFacts,
    LastReading,
    LeftChallenged,
    Prescribing,
    SignalFacts,
)
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import (
    AdverseEventKind,
    ClearanceDecision,
    ContactKind,
    ContactOutcome,
    EpisodeState,
    EventSeverity,
    Function,
    Indication,
    NoteKind,
    ProductRoute,
    RecordPart,
    ServiceLine,
)

PRESSURE, OXYGEN, EVENT, QUIETED = "pressure", "oxygen", "event", "quieted"
CHALLENGE = "challenge"
PRESCRIBING, EVALUATED, DECIDED, SERIES = "prescribing", "evaluated", "decided", "series"
REVIEWED = "reviewed"
SCORES, ASKED, RISK_NOTED, BOTH_DECIDED = "scores", "asked", "risk_noted", "both_decided"
OF_CRITICAL = frozenset({SCORES, RISK_NOTED, QUIETED})
"""What the rows of `critical_selects` are about."""
_DOSING = (EpisodeState.SERIES, EpisodeState.MAINTENANCE)
_ALLOWING = tuple(one for one in ClearanceDecision if one.allows_ketamine)
_VISITS = (ContactKind.EVALUATION, ContactKind.FOLLOW_UP)
_KEPT = (ContactOutcome.HELD, ContactOutcome.REACHED)


# The clients' other courses, and those on which a note was written.
_other, _noted = aliased(Episode), aliased(Episode)


def selects(
    wanted: Any, since: Any, quieted_since: Any, tells: ColumnElement[bool]
) -> tuple[Select[Any], ...]:
    """The newest pressure and oxygen, and the events, of `wanted` since then.

    Also what was quieted since (`rules.alerts.LONGEST_QUIET`). Where it `tells` of alerts, what a
    prescriber looked at last, whenever that was, the doses of each series, and all scores.
    """
    return (
        *_of_scores(wanted, quieted_since, tells),
        _newest(
            PRESSURE,
            wanted,
            since,
            Vital.systolic,
            kind=cast(Vital.systolic, String).concat("/").concat(cast(Vital.diastolic, String)),
        ),
        _newest(OXYGEN, wanted, since, Vital.oxygen, number=Vital.oxygen),
        matter(
            EVENT,
            KetamineSession.episode_id,
            id=AdverseEvent.id,
            kind=type_coerce(AdverseEvent.kind, String),
            level=type_coerce(AdverseEvent.severity, String),
            at=AdverseEvent.onset_at,
            person_id=KetamineSession.id,
            seen_at=AdverseEvent.resolved_at,
            number=cast(AdverseEvent.is_serious, Integer),
            ug=case((KetamineSession.discharged_at.is_not(None), 1), else_=0),
        )
        .join(KetamineSession, KetamineSession.id == AdverseEvent.ketamine_session_id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            AdverseEvent.voided_at.is_(None),
            AdverseEvent.onset_at > since,
        ),
        matter(
            CHALLENGE,
            KetamineSession.episode_id,
            id=SupportRecord.id,
            at=SupportRecord.recorded_at,
            person_id=KetamineSession.id,
            number=SupportRecord.challenge["intensity"].as_integer(),
        )
        .join(KetamineSession, KetamineSession.id == SupportRecord.ketamine_session_id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            SupportRecord.replaced_at.is_(None),
            SupportRecord.recorded_at > since,
            SupportRecord.challenge["is_over"].as_boolean().is_(False),
        ),
        _prescribing(wanted).where(tells),
        *_evaluated(wanted),
        _decided(wanted),
        _series(wanted).where(tells),
    )


def critical_selects(client_id: str, quieted_since: datetime) -> tuple[Select[Any], ...]:
    """What the alerts from critical answers of one client are judged from, on any course."""
    newest = (
        select(Episode.id)
        .where(Episode.client_id == client_id)
        .order_by(Episode.opened_at.desc(), Episode.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = select(newest)
    return (
        _scores(wanted, true(), all_of_course=False),
        _risk_noted(wanted, true()),
        _quieted(wanted, quieted_since),
    )


def score_selects(
    episode_id: str, quieted_since: datetime, tells: ColumnElement[bool]
) -> tuple[Select[Any], ...]:
    """What is judged of scores on one course, where it `tells` of them."""
    wanted = (episode_id,)
    return *_of_scores(wanted, quieted_since, tells), _series(wanted)


def _of_scores(
    wanted: Any, quieted_since: Any, tells: ColumnElement[bool]
) -> tuple[Select[Any], ...]:
    return (
        _scores(wanted, tells, all_of_course=True),
        matter(
            ASKED,
            Episode.id,
            id=Episode.id,
            kind=type_coerce(Episode.service_line, String),
            level=type_coerce(Episode.state, String),
            at=Episode.state_since,
            seen_at=Episode.measures_asked_at,
            person=cast(Episode.indications, String),
            number=case((_is_held(), 1), else_=0),
            ug=case((select(Score.id).exists(), 1), else_=0),
        ).where(Episode.id.in_(wanted), tells),
        _risk_noted(wanted, tells),
        matter(BOTH_DECIDED, Note.episode_id, at=func.max(Note.signed_at, type_=UtcDateTime()))
        .where(Note.episode_id.in_(wanted), tells, *_signed(NoteKind.DECISION))
        .group_by(Note.episode_id),
        _quieted(wanted, quieted_since),
        _reviewed(wanted),
    )


def _scores(wanted: Any, tells: ColumnElement[bool], *, all_of_course: bool) -> Select[Any]:
    """The scores of the clients of these courses, a row for each instrument of each course.

    Of other courses, and of this one unless `all_of_course`, only those of instruments of which an
    answer or result is known that may need somebody. Each figure is a text of one for each score,
    all in the order in which the database comes upon them: the ids (`kind`), when it was taken
    (`person_id`) and recorded (`person`), total (`how`), critical answer (`place`) and result
    (`emergency`). What there is not is empty.
    """

    def texts(figure: Any) -> ColumnElement[str]:
        return func.aggregate_strings(func.coalesce(cast(figure, String), ""), ",")

    is_known = or_(func.count(Score.critical) > 0, func.count(Score.result) > 0)
    is_here = Score.episode_id == Episode.id
    return (
        matter(
            SCORES,
            Episode.id,
            id=Score.episode_id,
            kind=func.aggregate_strings(type_coerce(Score.id, String), ","),
            level=Score.instrument_id,
            person_id=texts(Score.taken_at),
            person=texts(Score.recorded_at),
            how=texts(Score.total),
            place=texts(Score.critical),
            emergency=texts(Score.result),
        )
        .join(Score, Score.client_id == Episode.client_id)
        .where(Episode.id.in_(wanted), tells, COUNTS)
        .group_by(Episode.id, Score.episode_id, Score.instrument_id)
        .having(or_(is_here, is_known) if all_of_course else is_known)
    )


def _risk_noted(wanted: Any, tells: ColumnElement[bool]) -> Select[Any]:
    """When a clinician of it last signed a risk note, on any course of the client."""
    return (
        matter(RISK_NOTED, Episode.id, at=func.max(Note.signed_at, type_=UtcDateTime()))
        .join(_noted, _noted.client_id == Episode.client_id)
        .join(Note, Note.episode_id == _noted.id)
        .where(Episode.id.in_(wanted), tells, *_signed(NoteKind.RISK))
        .group_by(Episode.id)
    )


def _signed(kind: NoteKind) -> tuple[ColumnElement[bool], ...]:
    """The conditions on Note: one of this kind, signed by whoever was on its course then."""
    # Named, because of what stands around it only the nearest is found without.
    stood_in = (
        select(Absence.id)
        .where(
            Absence.clinician_id == EpisodeMember.clinician_id,
            Absence.covered_by_id == Note.author_id,
            Absence.from_at <= Note.signed_at,
            Absence.until_at > Note.signed_at,
            Absence.voided_at.is_(None),
        )
        .correlate(EpisodeMember, Note)
        .exists()
    )
    was_on_it = exists().where(
        EpisodeMember.episode_id == Note.episode_id,
        EpisodeMember.from_at <= Note.signed_at,
        or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > Note.signed_at),
        or_(EpisodeMember.clinician_id == Note.author_id, stood_in),
    )
    return Note.kind == kind, Note.signed_at.is_not(None), Note.voided_at.is_(None), was_on_it


def _quieted(wanted: Any, since: Any) -> Select[Any]:
    """What was quieted on any course of the client: a mark names a row of one course anyway.

    Bound by when that was, not by its last day: the newest of a mark counts, and one that is over
    must not leave the word to an older one.
    """
    return (
        matter(
            QUIETED,
            Episode.id,
            id=Acknowledgement.id,
            kind=Acknowledgement.mark,
            level=Acknowledgement.reason,
            until_on=Acknowledgement.until_on,
            person=Clinician.name,
            at=Acknowledgement.at,
        )
        .join(_other, _other.client_id == Episode.client_id)
        .join(Acknowledgement, Acknowledgement.episode_id == _other.id)
        .join(Clinician, Clinician.id == Acknowledgement.by_id)
        .where(Episode.id.in_(wanted), Acknowledgement.at > since)
    )


def _is_held() -> ColumnElement[bool]:
    return exists().where(Hold.episode_id == Episode.id, Hold.released_at.is_(None))


def _prescribing(wanted: Any) -> Select[Any]:
    """The clearance of each course on which ketamine is given, and that is not on hold."""
    return (
        matter(
            PRESCRIBING,
            Episode.id,
            id=Clearance.id,
            kind=type_coerce(Episode.state, String),
            at=Clearance.decided_at,
            from_on=Clearance.in_person_on,
            until_on=_looked_up_on(),
            seen_at=_series_began_at(),
        )
        .join(Clearance, Clearance.id == newest_clearance())
        .where(
            Episode.id.in_(wanted),
            Episode.state.in_(_DOSING),
            Clearance.decision.in_(_ALLOWING),
            ~_is_held(),
        )
    )


def _looked_up_on() -> ScalarSelect[Any]:
    return (
        select(func.max(PrescriptionLookup.looked_up_on))
        .where(
            PrescriptionLookup.client_id == Episode.client_id,
            PrescriptionLookup.voided_at.is_(None),
        )
        .correlate(Episode)
        .scalar_subquery()
    )


def _series_began_at() -> ScalarSelect[Any]:
    return (
        select(func.max(Series.started_at, type_=UtcDateTime()))
        .where(Series.episode_id == Episode.id, Series.ended_at.is_(None))
        .correlate(Episode)
        .scalar_subquery()
    )


def _evaluated(wanted: Any) -> tuple[Select[Any], ...]:
    """When a prescriber last met the client for it or signed for a session given on the course."""
    return (
        matter(
            EVALUATED,
            Contact.episode_id,
            at=func.max(Contact.happened_at, type_=UtcDateTime()),
        )
        .where(
            Contact.episode_id.in_(wanted),
            Contact.kind.in_(_VISITS),
            Contact.outcome.in_(_KEPT),
        )
        .group_by(Contact.episode_id),
        matter(
            EVALUATED,
            KetamineSession.episode_id,
            at=func.max(RecordSignature.signed_at, type_=UtcDateTime()),
        )
        .join(RecordSignature, RecordSignature.ketamine_session_id == KetamineSession.id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            RecordSignature.part == RecordPart.MEDICAL,
            RecordSignature.signed_at.is_not(None),
            _prescribes(RecordSignature.signed_by_id),
        )
        .group_by(KetamineSession.episode_id),
    )


def _reviewed(wanted: Any) -> Select[Any]:
    """When those who treat last reviewed a series of each course."""
    return (
        matter(
            REVIEWED,
            Series.episode_id,
            at=func.max(SeriesReview.reviewed_at, type_=UtcDateTime()),
        )
        .join(SeriesReview, SeriesReview.series_id == Series.id)
        .where(Series.episode_id.in_(wanted))
        .group_by(Series.episode_id)
    )


def _decided(wanted: Any) -> Select[Any]:
    """When a prescriber last signed a decision note about each course."""
    return (
        matter(DECIDED, Note.episode_id, at=func.max(Note.signed_at, type_=UtcDateTime()))
        .where(
            Note.episode_id.in_(wanted),
            Note.kind == NoteKind.DECISION,
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
            _prescribes(Note.author_id),
        )
        .group_by(Note.episode_id)
    )


def _prescribes(clinician_id: Any) -> ColumnElement[bool]:
    return exists().where(
        ClinicianFunction.clinician_id == clinician_id,
        ClinicianFunction.function == Function.PRESCRIBER,
    )


def _series(wanted: Any) -> Select[Any]:
    """The doses of each series as a text: `id:seconds:micrograms,…`.

    `number` is 1 while it runs, `ug` 1 of one of maintenance.
    """
    given = (
        select(
            Series.episode_id,
            Series.id.label("series_id"),
            type_coerce(Series.product_route, String).label("route"),
            case((Series.ended_at.is_(None), 1), else_=0).label("runs"),
            case((Series.is_maintenance, 1), else_=0).label("maintains"),
            KetamineSession.id,
            cast(extract("epoch", func.min(Administration.started_at)), Integer).label("seconds"),
            func.sum(Administration.ug).label("ug"),
        )
        .join(KetamineSession, KetamineSession.series_id == Series.id)
        .join(Administration, Administration.ketamine_session_id == KetamineSession.id)
        .where(
            Series.episode_id.in_(wanted),
            Administration.voided_at.is_(None),
        )
        .group_by(
            Series.episode_id,
            Series.id,
            Series.product_route,
            Series.ended_at,
            Series.is_maintenance,
            KetamineSession.id,
        )
        .subquery()
    )
    one = (
        given.c.id.concat(":")
        .concat(cast(given.c.seconds, String))
        .concat(":")
        .concat(cast(given.c.ug, String))
    )
    columns = (
        given.c.episode_id,
        given.c.series_id,
        given.c.route,
        given.c.runs,
        given.c.maintains,
    )
    return matter(
        SERIES,
        given.c.episode_id,
        id=given.c.series_id,
        kind=func.aggregate_strings(one, ","),
        level=given.c.route,
        number=given.c.runs,
        ug=given.c.maintains,
    ).group_by(*columns)


def _newest(what: str, wanted: Any, since: Any, figure: Any, **columns: Any) -> Select[Any]:
    """The newest row of each course in which this figure was read."""
    ranked = (
        select(
            Vital.id,
            func.row_number()
            .over(
                partition_by=KetamineSession.episode_id,
                order_by=(Vital.taken_at.desc(), Vital.id.desc()),
            )
            .label("recency"),
        )
        .join(KetamineSession, KetamineSession.id == Vital.ketamine_session_id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            Vital.voided_at.is_(None),
            Vital.taken_at > since,
            figure.is_not(None),
        )
        .subquery()
    )
    given = (
        select(Administration.id)
        .where(
            Administration.ketamine_session_id == KetamineSession.id,
            Administration.voided_at.is_(None),
        )
        .exists()
    )
    return (
        matter(
            what,
            KetamineSession.episode_id,
            id=Vital.id,
            at=Vital.taken_at,
            person_id=KetamineSession.id,
            ug=case((given, 1), else_=0),
            **columns,
        )
        .join(KetamineSession, KetamineSession.id == Vital.ketamine_session_id)
        .join(ranked, ranked.c.id == Vital.id)
        .where(ranked.c.recency == 1)
    )


def read_facts(db: Session, episode_id: str, now: datetime) -> SignalFacts:
    """The facts of one course, in one statement."""
    parts = selects((episode_id,), now - LOOKED_BACK, now - LONGEST_QUIET, true())
    return facts_of(db.execute(union_all(*parts)).all())


def facts_of(rows: Iterable[Any]) -> SignalFacts:
    """What `selects` found of one course; other rows among them are passed over."""
    of = by_what(rows)
    readings = tuple(
        LastReading(
            row.id,
            row.person_id,
            row.at,
            bool(row.ug),
            Pressure(*map(int, row.kind.split("/"))) if row.what == PRESSURE else None,
            row.number if row.what == OXYGEN else None,
        )
        for row in (*of[PRESSURE], *of[OXYGEN])
    )
    events = tuple(
        EventFacts(
            row.id,
            row.person_id,
            AdverseEventKind(row.kind),
            EventSeverity(row.level),
            bool(row.number),
            row.at,
            row.seen_at,
            bool(row.ug),
        )
        for row in of[EVENT]
    )
    challenges = tuple(
        LeftChallenged(row.id, row.person_id, row.at, row.number) for row in of[CHALLENGE]
    )
    quieted: dict[str, tuple[datetime, Quieted]] = {}
    for row in of[QUIETED]:
        if row.kind not in quieted or quieted[row.kind][0] < row.at:
            quieted[row.kind] = row.at, Quieted(row.kind, row.until_on, row.level, row.person)
    series = [(row, _doses(row.kind)) for row in of[SERIES]]
    return SignalFacts(
        readings,
        events,
        challenges,
        _prescribing_of(of),
        tuple(doses for row, doses in series if row.number),
        _newest_at(of[DECIDED]),
        tuple(one for _, one in quieted.values()),
        _score_facts(of, series),
    )


def score_facts_of(rows: Iterable[Any]) -> ScoreFacts:
    """What `selects` found of the scores of one course; other rows among them are passed over."""
    of = by_what(rows)
    return _score_facts(of, [(row, _doses(row.kind)) for row in of[SERIES]])


def _score_facts(
    of: Mapping[str, list[Any]], series: Iterable[tuple[Any, tuple[GivenDose, ...]]]
) -> ScoreFacts:
    given = [
        GivenSeries(
            ProductRoute(row.level),
            bool(row.ug),
            tuple(sorted(doses, key=lambda one: (one.at, one.session_id))),
        )
        for row, doses in series
    ]
    product_route, doses, of_series = measured_together(given)
    return ScoreFacts(
        tuple(chain.from_iterable(map(_taken, of[SCORES]))),
        _asked_of(of[ASKED]),
        product_route,
        doses,
        _newest_at(of[RISK_NOTED]),
        _newest_at(of[BOTH_DECIDED]),
        _newest_at(of[REVIEWED]),
        of_series,
    )


def _asked_of(rows: list[Any]) -> CourseAsked | None:
    if not rows:
        return None
    row = rows[0]
    return CourseAsked(
        ServiceLine(row.kind),
        EpisodeState(row.level),
        row.at,
        bool(row.number),
        tuple(map(Indication, json.loads(row.person))),
        bool(row.ug),
        row.seen_at,
    )


def _taken(row: Any) -> Iterator[TakenScore]:
    """The scores of one row of `_scores`: a list reads them by the thousand, a figure at a time."""
    taken = map(
        Taken,
        row.kind.split(","),
        repeat(row.level),
        _figures(row.how),
        _instants(row.person_id),
        _instants(row.person),
    )
    is_here = repeat(row.id == row.episode_id)
    return map(TakenScore, taken, _figures(row.place), _figures(row.emergency), is_here)


def _instants(texts: str) -> Iterable[datetime]:
    """SQLite writes an instant without its zone, which is UTC."""
    first = datetime.fromisoformat(texts.partition(",")[0])
    if first.tzinfo is None:
        texts = f"{texts.replace(',', '+00:00,')}+00:00"
        return map(datetime.fromisoformat, texts.split(","))
    return (datetime.fromisoformat(one).astimezone(UTC) for one in texts.split(","))


def _figures(texts: str) -> Iterable[int | None]:
    return (int(one) if one else None for one in texts.split(","))


def _instant(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _prescribing_of(of: Mapping[str, list[Any]]) -> Prescribing | None:
    if not of[PRESCRIBING]:
        return None
    row = of[PRESCRIBING][0]
    return Prescribing(
        row.id,
        EpisodeState(row.kind),
        row.at,
        row.from_on,
        row.until_on,
        _newest_at((*of[EVALUATED], *of[REVIEWED], *of[DECIDED])),
        row.seen_at,
    )


def _newest_at(rows: Iterable[Any]) -> datetime | None:
    return max((row.at for row in rows), default=None)


def _doses(text: str) -> tuple[GivenDose, ...]:
    found = (one.split(":") for one in text.split(","))
    return tuple(
        GivenDose(session_id, _instant(seconds), int(ug)) for session_id, seconds, ug in found
    )
