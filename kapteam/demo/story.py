"""The demo's story: what happened in the practice up to `now`, person by person."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from kapteam import wording
from kapteam.actions.asks import AnswerEntered, AskEntered, answer_ask, ask
from kapteam.actions.booking import cancel_ketamine_session, mark_not_given, miss_ketamine_session
from kapteam.actions.clients import SafetyPlanEntered, keep_safety_plan
from kapteam.actions.concerns import ConcernEntered, raise_concern, see_concern
from kapteam.actions.contacts import ContactEntered, TouchEntered, log_touch, plan_contact
from kapteam.actions.endings import ClosingEntered, close_episode, sign_off
from kapteam.actions.episodes import (
    HoldEntered,
    hold_episode,
)
from kapteam.actions.home_supply import SupplyEntered, TallyEntered, record_tally, send_home
from kapteam.actions.inquiries import (
    ConsultationEntered,
    InquiryClientEntered,
    InquiryEntered,
    become_client,
    record_inquiry,
    settle_inquiry,
)
from kapteam.actions.integration import (
    AgreeIntegrationEntered,
    BookIntegrationEntered,
    CloseIntegrationEntered,
    DropIntegrationEntered,
    HoldIntegrationEntered,
    agree_integration,
    book_integration,
    close_integration,
    drop_integration,
    hold_integration,
)
from kapteam.actions.notes import (
    AddendumEntered,
    AmendmentEntered,
    add_addendum,
    amend_note,
)
from kapteam.actions.waits import WaitEndedEntered, WaitEntered, begin_wait, end_wait
from kapteam.db.tables import Client, Episode
from kapteam.demo import people, words
from kapteam.demo.case_review import hold_review
from kapteam.demo.evaluations import of_lindqvist, rests_on
from kapteam.demo.measures import measure
from kapteam.demo.people import (
    DIRECTOR,
    FRONT_DESK,
    PRESCRIBER,
    SECOND_PRESCRIBER,
    SECOND_THERAPIST,
    THERAPIST,
    THIRD_THERAPIST,
    Colleague,
    Person,
    demo_id,
)
from kapteam.demo.telling import (
    HOUR,
    INFUSION,
    INTRAMUSCULAR,
    MINUTE,
    SPRAVATO,
    SUBLINGUAL,
    Course,
    Dose,
    Regimen,
    Telling,
    note_id,
)
from kapteam.demo.words import Chapter
from kapteam.rules.loose_ends import Choice, LooseKind
from kapteam.rules.series import usual_review_before
from kapteam.vocabulary import (
    AdverseEventKind,
    Answer,
    CloseReason,
    ConcernKind,
    ConcernLevel,
    ContactKind,
    EpisodeState,
    EventSeverity,
    FinalScores,
    HoldReason,
    How,
    Indication,
    InquiryOutcome,
    IntegrationCloseReason,
    IntegrationKind,
    MedicineRoute,
    NoteKind,
    OutsideParty,
    ReadinessItem,
    RecordPart,
    ServiceLine,
    Tally,
    Touch,
    WaitOutcome,
)

_TRD = (Indication.TREATMENT_RESISTANT_DEPRESSION,)
_DEPRESSION = (Indication.DEPRESSION,)
_PTSD = (Indication.PTSD,)
_ANXIETY = (Indication.ANXIETY, Indication.DEPRESSION)
_PAIN = (Indication.CHRONIC_PAIN, Indication.DEPRESSION)


_INJECTED = {
    -12: ("128/82", "74", "98"),
    15: ("146/90", "88", "97"),
    31: ("152/94", "90", "96"),
    46: ("140/88", "82", "97"),
    62: ("134/84", "78", "98"),
    95: ("130/82", "76", "98"),
}
_INFUSED = {
    -10: ("142/91", "80", "97"),
    -1: ("136/86", "78", "97"),
    16: ("158/96", "92", "96"),
    30: ("182/108", "98", "95"),
    36: ("168/102", "94", "95"),
    61: ("144/90", "84", "97"),
    88: ("138/86", "80", "98"),
}
_NASAL = {
    -15: ("126/80", "70", "98"),
    50: ("148/92", "84", "97"),
    128: ("130/82", "72", "98"),
}
"""Blood pressure, heart rate and oxygen by the minutes from the dose."""
_FORMS_SENT = 2
"""Of a client with Spravato: those before the last two; the first of these is forgotten."""


def compose(telling: Telling) -> None:
    """Collect the whole story."""
    _closed(telling)
    _maintained(telling)
    _reviewed(telling)
    _two_lines(telling)
    _doses_today(telling)
    _integrations_late(telling)
    _silences(telling)
    _integrations_in_time(telling)
    _intentions(telling)
    _orders(telling)
    _pathway(telling)
    _holds(telling)
    _other_courses(telling)
    _callers(telling)
    _contacts(telling)
    _concerns(telling)
    _questions(telling)
    _waits_outside(telling)
    _stopped(telling)
    measure(telling)
    hold_review(telling)


def _shared(telling: Telling, person: Person, regimen: Regimen = INTRAMUSCULAR) -> Course:
    """A course of the two people whom one can be in the demo."""
    return Course(telling, person, prescriber=PRESCRIBER, therapist=THERAPIST, regimen=regimen)


def _series(
    course: Course,
    newest: datetime,
    doses: Sequence[str],
    thread: Sequence[Chapter],
    indications: tuple[Indication, ...],
    ceiling: str,
    *,
    may_add: str = "",
    ordered_count: int = 6,
    weeks_off: int = 0,
    consent_ends_on: date | None = None,
) -> Dose:
    """A series up to the dose planned for `newest`, which is returned for the story to go on.

    `doses` are the mg of the ones before it, a week apart, each integrated on the day after.
    """
    days = course.days
    back = [len(doses) - place + weeks_off for place in range(len(doses))]
    earlier = [
        Dose(course, number, course.dose_near(days.weeks_before(newest, weeks)))
        for number, weeks in enumerate(back, 1)
    ]
    course.begins(
        [*(dose.planned_at for dose in earlier), newest][0],
        indications,
        ceiling,
        consent_ends_on=consent_ends_on,
    )
    for dose, mg, chapter in zip(earlier, doses, thread, strict=False):
        number = dose.number
        how = How.VIDEO if number % 3 == 0 else How.IN_PERSON
        dose.is_booked(
            mg,
            may_add,
            by=course.prescriber or FRONT_DESK,
            slot=dose.next_day,
            how=how,
            ordered_count=ordered_count,
        ).has_intention(chapter, dose.eve, passive=number == 1 and indications == _TRD)
        dose.is_given(mg, may_add if number % 2 == 0 else "")
        dose.is_integrated(dose.next_day, chapter, how=how)
        if number + 1 == usual_review_before(course.regimen.product_route, ordered_count):
            dose.is_reviewed(dose.next_day + 26 * HOUR, words.GOES_ON)
    return Dose(course, len(doses) + 1, newest)


def _next(
    dose: Dose, planned_at: datetime, mg: str = "", *, booked_at: datetime | None = None
) -> Dose:
    """The dose after this one is booked for `planned_at`, some days before or at `booked_at`."""
    after = Dose(dose.course, dose.number + 1, dose.course.dose_near(planned_at))
    after.booked_at = booked_at or after.booked_at
    return after.is_booked(mg, slot=after.next_day)


def _doses_today(telling: Telling) -> None:
    """One ahead and ready, one ahead without an intention, one given with a booster.

    Late in the evening the second one is on the morning after.
    """
    days = telling.days
    first, *more = days.left_today(INTRAMUSCULAR.length)

    ellis = _shared(telling, people.ELLIS)
    ready = _series(
        ellis,
        first,
        ("45", "55"),
        words.BURNOUT,
        _DEPRESSION,
        "110",
        consent_ends_on=days.today + timedelta(days=9),
    )
    ready.is_booked(
        "60", "15", add_after=("10", "20"), slot=ready.next_day, people="Noor in the room"
    )
    ready.has_intention(words.BURNOUT[2], ready.eve)

    ellison = _shared(telling, people.ELLISON, SUBLINGUAL)
    second = more[0] if more else ellison.dose_ahead(8, 20)
    unwritten = _series(ellison, second, ("100",), words.WORRY, _ANXIETY, "300")
    unwritten.is_booked(
        "150",
        slot=unwritten.next_day,
        how=How.VIDEO,
        people="Her husband Sam; Noor by video",
        at_home="418 Mesquite Lane",
    )
    _keeps_at_home(ellison, counted="12")

    okafor = _shared(telling, people.OKAFOR)
    given = _series(
        okafor,
        days.earlier_today(okafor.fits_dose),
        ("50", "60", "65"),
        words.GRIEF,
        _DEPRESSION,
        "100",
        may_add="15",
    )
    given.is_booked("70", "20", slot=given.next_day, people="Noor in the room")
    given.has_intention(words.GRIEF[3], given.eve).is_given("70", "15")
    given.is_watched(_INJECTED)
    given.has_event(28, 22, AdverseEventKind.NAUSEA, EventSeverity.MILD, "Lay on his side.")
    okafor.is_noted(NoteKind.GENERAL, days.at(-2, 15, 40), words.BROTHER_CALLED)
    _next(given, days.coming(8, 9, 30), "70")


def _keeps_at_home(course: Course, counted: str) -> None:
    """Twelve lozenges were sent to the client and arrived; yesterday they showed `counted`."""
    telling, days = course.telling, course.telling.days
    supply = SupplyEntered(
        id=demo_id(f"{course.id}/home supply"),
        episode_id=course.id,
        lozenges="12",
        mg_each="50",
        pharmacy="Saguaro Compounding Pharmacy",
        sent_on=days.on(-6),
        arrived_on=days.on(-4),
    )
    telling.then(days.at(-3, 9, 40), FRONT_DESK, send_home, supply)
    at = days.at(-1, 12, 15)
    count = TallyEntered(
        id=demo_id(f"{course.id}/home count"),
        episode_id=course.id,
        tally=Tally.COUNT,
        lozenges=counted,
        on=telling.on(at),
        time=telling.typed(at),
        words="Shown on video, blister by blister.",
    )
    telling.then(at + 5 * MINUTE, THERAPIST, record_tally, count)


def _integrations_late(telling: Telling) -> None:
    """Past 24, past 48 and past 72 hours, each for its own reason."""
    days = telling.days

    nakamura = _shared(telling, people.NAKAMURA, INFUSION)
    late = _series(
        nakamura, nakamura.dose_ago(50, 68), ("30", "35", "40", "45"), words.MOVING, _TRD, "60"
    )
    late.is_booked("50", slot=late.next_day).has_intention(words.MOVING[4], late.eve)
    late.is_given("50", signed=(RecordPart.MEDICAL,))
    telling.then(
        late.next_day - 2 * HOUR,
        THERAPIST,
        drop_integration,
        lambda db: DropIntegrationEntered(late.owed(db), "Child home with a fever; will call."),
    )
    _next(late, days.coming(4, 13), "50")

    petrov = _shared(telling, people.PETROV)
    last = petrov.dose_ago(75, 96, 1)
    lost = _series(
        petrov,
        last,
        ("60", "70"),
        words.RETIRED,
        _DEPRESSION,
        "100",
        consent_ends_on=telling.on(last) - timedelta(days=1),
    )
    lost.is_booked("75", slot=lost.next_day).has_intention(words.RETIRED[2], lost.eve)
    lost.is_answered(
        ReadinessItem.FASTING,
        Answer.GO_AHEAD,
        "Half a banana at breakfast, five hours before; no nausea last time.",
        by=THERAPIST,
        at=last - 15 * MINUTE,
    )
    lost.is_given("75", reason="Signed the new form on paper that day; it is not scanned yet.")
    telling.then(
        lost.next_day + 40 * MINUTE,
        THERAPIST,
        drop_integration,
        lambda db: DropIntegrationEntered(
            lost.owed(db), "Did not come; text and voicemail left.", missed=True
        ),
    )
    called_off = _next(lost, days.coming(4, 9), "75", booked_at=lost.planned_at + 3 * HOUR)
    called_off.ends(
        lost.next_day + 65 * MINUTE,
        THERAPIST,
        cancel_ketamine_session,
        "Not before we have spoken: the last dose is not integrated yet.",
    )

    abara = _shared(telling, people.ABARA, SUBLINGUAL)
    amber = _series(
        abara, abara.dose_ago(25.5, 43, 2), ("100", "150", "150"), words.NIGHTS, _PTSD, "300"
    )
    amber.is_booked("200", no_slot="His shifts are not known yet.")
    amber.has_intention(words.NIGHTS[3], amber.eve).is_given("200")
    amber.has_other_medicine(
        amber.planned_at + 50 * MINUTE,
        "ondansetron",
        "4 mg",
        MedicineRoute.SUBLINGUAL,
        "Nausea",
        recorded_after=4 * HOUR,
    )
    slot = abara.talk(days.now + 3 * HOUR, days.now + 26 * HOUR)
    abara.takes_talk(slot)
    telling.then(
        amber.planned_at + 5 * HOUR,
        THERAPIST,
        book_integration,
        lambda db: BookIntegrationEntered(
            amber.owed(db),
            telling.on(slot),
            telling.typed(slot),
            60,
            How.VIDEO,
            "",
            THERAPIST.id,
        ),
    )
    _next(amber, days.coming(6, 10, 30), "200")


def _integrations_in_time(telling: Telling) -> None:
    """Inside the window: not booked, booked outside; agreed for a day; held, note to finish."""
    days = telling.days

    marchetti = _shared(telling, people.MARCHETTI, INFUSION)
    open_one = _series(marchetti, marchetti.dose_ago(3, 20.5), ("40",), words.PAIN, _PAIN, "70")
    open_one.is_booked("45", no_slot="Wants to see how the back is first.")
    open_one.has_intention(words.PAIN[1], open_one.eve).is_given("45").is_watched(_INFUSED)
    _next(open_one, days.coming(7, 14), "45")

    rahman = _shared(telling, people.RAHMAN)
    outside = _series(
        rahman, rahman.dose_ago(3, 20.5), ("55",), words.FATHERHOOD, _ANXIETY, "100", weeks_off=1
    )
    earlier = rahman.dose_near(days.weeks_before(outside.planned_at, 1))
    cancelled = Dose(rahman, 9, earlier)
    cancelled.is_booked("60", slot=cancelled.next_day)
    cancelled.ends(
        cancelled.planned_at - 20 * HOUR,
        FRONT_DESK,
        cancel_ketamine_session,
        "The baby has a cold; he moves it to the week after.",
    )
    slot = rahman.talk(outside.planned_at + 27 * HOUR, outside.planned_at + 46 * HOUR)
    outside.is_booked("60", slot=slot).has_intention(words.FATHERHOOD[1], outside.eve)
    outside.is_given("60")
    _next(outside, days.coming(9, 14, 30))

    svensson = _shared(telling, people.SVENSSON, SUBLINGUAL)
    agreed = _series(
        svensson,
        svensson.dose_ago(30, 60, 1),
        ("150", "150", "200"),
        words.BELONGING,
        _TRD,
        "300",
        weeks_off=1,
    )
    earlier = svensson.dose_near(days.weeks_before(agreed.planned_at, 1))
    missed = Dose(svensson, 9, earlier)
    missed.is_booked("200", slot=missed.next_day)
    missed.ends(
        missed.planned_at + 45 * MINUTE,
        PRESCRIBER,
        miss_ketamine_session,
        "Mixed up the days; called back in the evening.",
    )
    _keeps_at_home(svensson, counted="9")
    agreed.is_booked("200", no_slot="Leaves for a wedding on the day after.")
    agreed.has_intention(words.BELONGING[3], agreed.eve).is_given("200")
    # Nobody said yet that it is over: an alert.
    agreed.has_event(
        60, 30 * 24 * 60, AdverseEventKind.HEADACHE, EventSeverity.MODERATE, "Water, a dark room."
    )
    telling.then(
        agreed.planned_at + 4 * HOUR,
        THERAPIST,
        agree_integration,
        lambda db: AgreeIntegrationEntered(
            agreed.owed(db),
            days.on(2),
            "At a family wedding out of town; sent a message that she is well.",
        ),
    )
    _next(agreed, days.coming(7, 12), "200")

    williams = _shared(telling, people.WILLIAMS)
    slot = williams.talk_after_dose(days.now - 44 * HOUR, days.now - 2 * HOUR, 16)
    held = _series(
        williams,
        days.between(slot - 23 * HOUR, slot - 16 * HOUR, free=williams.fits_dose),
        (),
        words.FIRST_STEPS,
        _DEPRESSION,
        "90",
    )
    held.is_booked("45", slot=slot).has_intention(words.FIRST_STEPS[0], held.eve)
    held.is_given("45").is_integrated(slot, None)
    held.has_integration_note(words.FIRST_STEPS[0], slot + 75 * MINUTE, signed=False)
    _next(held, days.coming(6, 9), "55")


def _silences(telling: Telling) -> None:
    """What nobody pressed a button for: given, held, closed?"""
    days = telling.days

    overby = _shared(telling, people.OVERBY)
    unrecorded = _series(
        overby,
        overby.dose_ago(3, 20.5, slot_ahead=True),
        ("50", "60"),
        words.NORTH,
        _DEPRESSION,
        "100",
    )
    slot = overby.talk(days.now + HOUR / 4, unrecorded.planned_at + 23 * HOUR)
    unrecorded.is_booked("65", slot=slot).has_intention(words.NORTH[2], unrecorded.eve)

    haddad = _shared(telling, people.HADDAD, SUBLINGUAL)
    slot = haddad.talk_after_dose(days.now - 26 * HOUR, days.now - 1.5 * HOUR, 17)
    asked = _series(
        haddad,
        days.between(slot - 23 * HOUR, slot - 17 * HOUR, free=haddad.fits_dose),
        ("100",),
        words.VIGIL,
        _DEPRESSION,
        "250",
    )
    asked.is_booked("150", slot=slot).has_intention(words.VIGIL[1], asked.eve).is_given("150")
    _next(asked, days.coming(5, 15), "150")

    quispe = _shared(telling, people.QUISPE, INFUSION)
    left_open = _series(quispe, quispe.dose_ago(7, 23.5), ("35", "40"), words.PAIN[2:], _PAIN, "60")
    left_open.is_booked("45", no_slot="Calls once she knows when her brother can drive.")
    left_open.has_intention(words.PAIN[4], left_open.eve)
    left_open.is_given("45", close=False)
    _next(left_open, days.coming(8, 10), "45")


def _intentions(telling: Telling) -> None:
    """A draft for the next day, a stale one, and one that is not due yet."""
    days = telling.days

    farrow = _shared(telling, people.FARROW)
    draft = _series(farrow, farrow.dose_ahead(18, 68), ("45",), words.EXAMS, _ANXIETY, "90")
    draft.is_booked("50", slot=draft.next_day, people="Noor in the room")
    draft.has_intention(words.EXAMS[1], draft.eve, signed=False)

    birdsong = _shared(telling, people.BIRDSONG, SUBLINGUAL)
    newest = birdsong.dose_ahead(42, 92, 1)
    stale = _series(birdsong, newest, ("100", "150"), words.VETERAN, _PTSD, "300", weeks_off=1)
    stale.booked_at = days.earlier(newest, 13, 12)
    stale.is_booked("150", slot=stale.next_day)
    stale.has_intention(words.VETERAN[2], days.at(-9, 16))
    birdsong.is_noted(
        NoteKind.RISK,
        days.at(-3, 9, 40),
        {**words.BAD_NIGHT, "look_again": days.on(2).isoformat()},
    )


def _orders(telling: Telling) -> None:
    """A dose that nobody ordered or has a ride for; one that is proposed, with a new medicine."""
    osei = _shared(telling, people.OSEI)
    unordered = _series(osei, osei.dose_ahead(22, 70, 2), (), words.ROOTS, _DEPRESSION, "90")
    unordered.is_booked(slot=unordered.next_day, ride=False)
    unordered.has_intention(words.ROOTS[0], unordered.eve)

    kapoor = _shared(telling, people.KAPOOR)
    proposed = _series(kapoor, kapoor.dose_ahead(24, 70, 3), ("40",), words.APOLOGY, _ANXIETY, "90")
    proposed.is_booked(by=THERAPIST, proposed="55", slot=proposed.next_day)
    started = "A doctor outside began lamotrigine last week, 25 mg"
    proposed.is_answered(ReadinessItem.MEDICINES, Answer.NOT_FINE, started, by=THERAPIST)


def _closed(telling: Telling) -> None:
    """A course that ended with its goals met, signed off by both; its client has come back."""
    days = telling.days

    ishikawa = _shared(telling, people.ISHIKAWA)
    last = _series(
        ishikawa,
        ishikawa.dose_near(days.at(-60, 10)),
        ("50", "65", "75"),
        words.CLEARING,
        _DEPRESSION,
        "110",
        ordered_count=4,
    )
    last.is_booked("75", slot=last.next_day, ordered_count=4)
    last.has_intention(words.CLEARING[3], last.eve).is_given("75")
    last.is_integrated(last.next_day, words.CLEARING[3])
    ishikawa.moves(days.at(-50, 11), EpisodeState.SERIES_REVIEW)
    telling.then(
        days.at(-46, 14),
        THERAPIST,
        close_episode,
        lambda db: ClosingEntered(
            ishikawa.id,
            db.get_one(Episode, ishikawa.id).version,
            CloseReason.GOALS_MET,
            "Goals met; knows that he may call again.",
            FinalScores.OBTAINED,
            "",
            False,
            "",
            None,
            {},
        ),
    )
    signed_at = days.at(-46, 16, 30)
    telling.then(signed_at, PRESCRIBER, sign_off, lambda db: ishikawa.signs_off(db, signed_at))

    again = Course(
        telling,
        people.ISHIKAWA,
        prescriber=PRESCRIBER,
        therapist=THERAPIST,
        again="/again",
    )
    again.opens(days.at(-2, 12, 10), _DEPRESSION)


def _stopped(telling: Telling) -> None:
    """A client who stops ketamine while therapy goes on; the prescriber has not signed it off."""
    days = telling.days

    costello = _shared(telling, people.COSTELLO)
    last = _series(
        costello,
        costello.dose_near(days.at(-14, 10)),
        ("40",),
        words.WORKSHOP,
        _ANXIETY,
        "90",
        ordered_count=4,
    )
    last.is_booked("50", slot=last.next_day, ordered_count=4)
    last.has_intention(words.WORKSHOP[1], last.eve).is_given("50")
    last.is_integrated(last.next_day, words.WORKSHOP[1])
    slot = costello.talk(days.now + 18 * HOUR, days.now + 90 * HOUR)
    costello.takes_talk(slot)
    _plans(costello, days.at(-6, 11), slot, ContactKind.CHECK_IN, How.IN_PERSON)
    contact = demo_id(f"{costello.id}/{ContactKind.CHECK_IN}")
    telling.then(
        days.at(-5, 15),
        THERAPIST,
        close_episode,
        lambda db: ClosingEntered(
            costello.id,
            db.get_one(Episode, costello.id).version,
            CloseReason.CLIENT_CHOICE,
            "Wants to go on talking, without ketamine for now.",
            FinalScores.NOT_OBTAINED,
            "Forms promised for the next talk.",
            False,
            "",
            THERAPIST.id,
            {f"{LooseKind.CONTACT}.{contact}": Choice.KEEP},
        ),
    )


def _maintained(telling: Telling) -> None:
    """Maintenance after a series, with a clearance that ends soon."""
    days = telling.days

    lindqvist = _shared(telling, people.LINDQVIST)
    fourth = _series(
        lindqvist,
        lindqvist.dose_near(days.at(-95, 13, 30)),
        ("40", "50", "55"),
        words.LATE_LIFE,
        _TRD,
        "90",
        ordered_count=4,
    )
    fourth.is_booked("60", slot=fourth.next_day)
    fourth.has_intention(words.LATE_LIFE[3], fourth.eve).is_given("60")
    late = lindqvist.talk(fourth.planned_at + 40 * HOUR, fourth.planned_at + 46 * HOUR)
    fourth.is_integrated(late, words.LATE_LIFE[3])
    lindqvist.moves(days.at(-88, 10), EpisodeState.SERIES_REVIEW)
    lindqvist.moves(days.at(-86, 12), EpisodeState.MAINTENANCE)
    lindqvist.is_noted(NoteKind.DECISION, days.at(-86, 12, 30), words.ONCE_A_MONTH)
    for number, back in ((5, -58), (6, -27)):
        dose = Dose(lindqvist, number, lindqvist.dose_near(days.at(back, 13, 30)))
        dose.is_booked("60", slot=dose.next_day, ordered_count=6)
        dose.has_intention(words.LATE_LIFE[number - 1], dose.eve).is_given("60")
        dose.is_integrated(dose.next_day, words.LATE_LIFE[number - 1])
    _next(dose, days.coming(5, 11), "60")
    # A clearance that ends soon: the one before it was renewed for a short time.
    lindqvist.is_cleared(
        days.at(-28, 9),
        "1.2 mg per kg",
        valid_days=28 + 12,
        conditions="Blood pressure before every dose; amlodipine on the morning of the dose.",
        looks_up=False,
        **of_lindqvist(_TRD),
    )


def _reviewed(telling: Telling) -> None:
    """A series of six that is done, with a note amended and added to."""
    days = telling.days

    tanaka = _shared(telling, people.TANAKA, INFUSION)
    sixth = _series(
        tanaka,
        tanaka.dose_near(days.at(-8, 10, 30)),
        ("35", "40", "40", "45", "50"),
        words.ORCHARD,
        _TRD,
        "60",
    )
    sixth.is_booked("50", slot=sixth.next_day)
    sixth.has_intention(words.ORCHARD[5], sixth.eve).is_given("50")
    sixth.is_integrated(sixth.next_day, words.ORCHARD[5], signed_after=26 * HOUR)
    tanaka.moves(days.at(-4, 15, 20), EpisodeState.SERIES_REVIEW)
    tanaka.is_noted(NoteKind.RISK, days.at(-3, 11, 50), words.QUIET_AFTERWARDS, by=PRESCRIBER)
    signed_at = sixth.next_day + 26 * HOUR
    telling.then(
        days.between(signed_at + 12 * HOUR, signed_at + 36 * HOUR),
        THERAPIST,
        amend_note,
        AmendmentEntered(
            demo_id("amendment/tanaka"),
            note_id(sixth.integration_id),
            "The score was of the week before.",
            "PHQ-9 on the day of this session was 10, not 11.",
        ),
    )
    telling.then(
        days.between(signed_at + 36 * HOUR, signed_at + 60 * HOUR, 1),
        PRESCRIBER,
        add_addendum,
        AddendumEntered(
            demo_id("addendum/tanaka"),
            note_id(sixth.integration_id),
            "Read. Mild headache on the evening of the infusion, gone by morning; no change to "
            "bupropion.",
        ),
    )


def _two_lines(telling: Telling) -> None:
    """Somebody in maintenance who also integrates an experience elsewhere."""
    days = telling.days

    mbeki = _shared(telling, people.MBEKI, SUBLINGUAL)
    third = _series(
        mbeki,
        mbeki.dose_near(days.at(-45, 15)),
        ("100", "150"),
        words.HARVEST,
        _DEPRESSION,
        "300",
        ordered_count=3,
    )
    third.is_booked("150", slot=third.next_day)
    third.has_intention(words.HARVEST[2], third.eve).is_given("150")
    telling.then(
        third.planned_at + 20 * HOUR,
        THERAPIST,
        close_integration,
        lambda db: CloseIntegrationEntered(
            third.owed(db),
            IntegrationCloseReason.DECLINED,
            "Wants to let it rest; felt complete. May call.",
        ),
    )
    mbeki.moves(days.at(-40, 11), EpisodeState.SERIES_REVIEW)
    mbeki.moves(days.at(-38, 15), EpisodeState.MAINTENANCE)
    fourth = Dose(mbeki, 4, mbeki.dose_near(days.at(-17, 14)))
    fourth.is_booked("150", slot=fourth.next_day, ordered_count=4)
    fourth.has_intention(words.HARVEST[3], fourth.eve).is_given("150")
    fourth.is_integrated(fourth.next_day, words.HARVEST[3])
    _next(fourth, days.coming(10, 14), "150", booked_at=days.at(-12, 10, 20))
    outside = Course(
        telling,
        people.MBEKI,
        therapist=THERAPIST,
        line=ServiceLine.PSYCHEDELIC_INTEGRATION,
    )
    outside.opens(
        days.at(-30, 16),
        substance="psilocybin",
        happened="last spring",
        circumstances="A ceremony abroad, with her aunt; one night.",
    )
    outside.moves(days.at(-29, 17), EpisodeState.INTEGRATION)
    _talks(outside, 1, outside.talk_near(days.at(-15, 10)), words.CEREMONY)
    slot, booked_at = outside.talk_near(days.coming(3, 16)), days.at(-3, 11)
    outside.takes_talk(slot)
    telling.then(
        booked_at,
        THERAPIST,
        book_integration,
        lambda db: BookIntegrationEntered(
            outside.owes(db, demo_id(f"{outside.id}/talk/2"), telling.on(slot), booked_at),
            telling.on(slot),
            telling.typed(slot),
            60,
            How.IN_PERSON,
            "Room 5",
            THERAPIST.id,
        ),
    )


def _talks(course: Course, number: int, held_at: datetime, chapter: Chapter) -> None:
    """An integration of an experience elsewhere is held, and its note signed."""
    telling = course.telling
    course.takes_talk(held_at)
    integration_id = demo_id(f"{course.id}/talk/{number}")
    telling.then(
        held_at + HOUR,
        course.lead,
        hold_integration,
        lambda db: HoldIntegrationEntered(
            course.owes(db, integration_id, telling.on(held_at), held_at),
            telling.on(held_at),
            telling.typed(held_at),
            None,
            "",
            How.IN_PERSON,
            IntegrationKind.FULL,
        ),
    )
    course.writes_integration(integration_id, chapter, held_at + 80 * MINUTE, number)


def _pathway(telling: Telling) -> None:
    """Those before the series, those without ketamine or without therapy, and somebody new."""
    days = telling.days

    romero = _shared(telling, people.ROMERO)
    _becomes_client(telling, days.at(-16, 10, 20), people.ROMERO, "romero")
    romero.opens(days.at(-14, 11), _PTSD)
    romero.moves(days.at(-9, 15, 30), EpisodeState.PREPARATION)
    romero.is_cleared(days.at(-7, 14, 10), "90", **rests_on(_PTSD))
    romero.consents(days.at(-6, 9, 40), missing=2)
    romero.pins(days.at(-5, 12))
    romero.is_noted(NoteKind.GENERAL, days.at(-5, 12, 30), words.READS_AT_HOME)

    vance = _shared(telling, people.VANCE)
    telling.becomes_client(days.at(-5, 13, 30), people.VANCE)
    vance.opens(days.at(-3, 15), _ANXIETY)
    vance.is_noted(NoteKind.GENERAL, days.at(-1, 16, 20), words.ASKS_ABOUT_SCHOOL, signed=False)

    delacroix = Course(
        telling,
        people.DELACROIX,
        therapist=THERAPIST,
        line=ServiceLine.PSYCHEDELIC_INTEGRATION,
    )
    telling.becomes_client(days.at(-35, 9), people.DELACROIX)
    delacroix.opens(
        days.at(-33, 10),
        substance="ayahuasca",
        happened="two nights last summer",
        circumstances="A retreat, with strangers; the second night was hard.",
    )
    delacroix.moves(days.at(-32, 12), EpisodeState.INTEGRATION)
    _talks(delacroix, 1, delacroix.talk_near(days.at(-19, 14)), words.RETREAT)
    next_on, agreed_at = telling.on(days.coming(4, 9)), days.at(-2, 12)
    telling.then(
        agreed_at,
        THERAPIST,
        agree_integration,
        lambda db: AgreeIntegrationEntered(
            delacroix.owes(db, demo_id(f"{delacroix.id}/talk/2"), next_on, agreed_at),
            next_on,
            "Every third week, as agreed.",
        ),
    )

    achterberg = Course(telling, people.ACHTERBERG, prescriber=PRESCRIBER, regimen=SPRAVATO)
    ahead = achterberg.dose_ahead(40, 90, 4)
    first = days.weeks_before(ahead, 4)
    achterberg.begins(first, _TRD, "84")
    achterberg.is_enrolled(days.earlier(first, 12, 9, 50), "R-40817")
    _is_authorized(achterberg, first)
    for number, mg in enumerate(("56", "56", "84", "84"), 1):
        dose = Dose(achterberg, number, days.weeks_before(ahead, 5 - number))
        dose.is_booked(mg, ordered_count=8).is_given(mg, lot=f"26KS0{number}")
        dose.is_watched(_NASAL)
        if number <= _FORMS_SENT:
            dose.form_goes_out()
        elif number > _FORMS_SENT + 1:
            dose.form_is_answered()
    Dose(achterberg, 5, ahead).is_booked("84", ordered_count=8)


def _contacts(telling: Telling) -> None:
    """A preparation planned, a check-in of which nobody said anything, and the telephone."""
    days = telling.days

    romero = _shared(telling, people.ROMERO)
    slot = romero.talk(days.now + 18 * HOUR, days.now + 70 * HOUR)
    romero.takes_talk(slot)
    _plans(romero, days.at(-2, 11, 20), slot, ContactKind.PREPARATION, How.IN_PERSON)
    delacroix = Course(
        telling,
        people.DELACROIX,
        therapist=THERAPIST,
        line=ServiceLine.PSYCHEDELIC_INTEGRATION,
    )
    _plans(delacroix, days.at(-5, 12), days.at(-1, 11), ContactKind.CHECK_IN, How.PHONE)

    for at, who, person, touch, said, tell in (
        (
            days.at(-2, 17, 20),
            THERAPIST,
            people.OKAFOR,
            Touch.CALLED_REACHED,
            "Slept well. Her brother drives on the day and waits in the car.",
            None,
        ),
        (
            days.at(-1, 16, 10),
            THERAPIST,
            people.PETROV,
            Touch.CALLED_NOT_REACHED,
            "Voicemail left, no details.",
            None,
        ),
        (
            days.at(-1, 17, 5),
            FRONT_DESK,
            people.PETROV,
            Touch.THEY_CALLED,
            "Elena called for him: he mixed up the days and is sorry. Any morning this week.",
            THERAPIST.id,
        ),
    ):
        entered = TouchEntered(
            id=demo_id(f"{person.id}/touch/{touch}"),
            client_id=person.id,
            touch=touch,
            words=said,
            tell_id=tell,
            on=telling.on(at),
            time=telling.typed(at),
        )
        telling.then(at + 2 * MINUTE, who, log_touch, entered)


def _plans(course: Course, at: datetime, slot: datetime, kind: ContactKind, how: How) -> None:
    """The therapist plans a contact of the course for `slot`."""
    telling = course.telling
    entered = ContactEntered(
        id=demo_id(f"{course.id}/{kind}"),
        episode_id=course.id,
        kind=kind,
        on=telling.on(slot),
        time=telling.typed(slot),
        minutes=50 if how is How.IN_PERSON else 20,
        how=how,
        place="Room 5" if how is How.IN_PERSON else "",
        local_emergency="",
        with_id=THERAPIST.id,
    )
    telling.then(at, THERAPIST, plan_contact, entered)


def _concerns(telling: Telling) -> None:
    """A medicine-use concern that holds a dose, and an alarming call the colleague has not seen."""
    days = telling.days

    mbeki = _shared(telling, people.MBEKI, SUBLINGUAL)
    asked_again = days.at(-6, 11, 40)
    held = _raised(
        mbeki,
        asked_again,
        ConcernKind.MEDICINE_USE,
        ConcernLevel.MODERATE,
        words.LOST_LOZENGES,
    )
    telling.also(
        asked_again + 80 * MINUTE,
        lambda db: see_concern(db, telling.viewer(PRESCRIBER), held, asked_again + 80 * MINUTE),
    )

    birdsong = _shared(telling, people.BIRDSONG, SUBLINGUAL)
    planned_at = days.at(-3, 10, 20)
    telling.then(
        planned_at,
        THERAPIST,
        keep_safety_plan,
        lambda db: SafetyPlanEntered(
            people.BIRDSONG.id,
            db.get_one(Client, people.BIRDSONG.id).version,
            words.VETERANS_PLAN,
        ),
    )
    called_at = days.ago(0.4, 2)
    slot = birdsong.talk(days.now + 3 * HOUR, days.now + 30 * HOUR)
    birdsong.takes_talk(slot)
    _raised(
        birdsong,
        called_at,
        ConcernKind.SUICIDE_RISK,
        ConcernLevel.HIGH,
        words.CALLED_FROM_THE_CAR,
        where="In his car outside the shop on Baseline Road",
        plan=words.CAROL_DRIVES.format(call_at=wording.moment(slot, days.now, days.zone)),
        next_at=slot,
    )


def _raised(
    course: Course,
    at: datetime,
    kind: ConcernKind,
    level: ConcernLevel,
    said: str,
    *,
    where: str = "",
    plan: str = "",
    next_at: datetime | None = None,
) -> str:
    """The therapist raises a concern on the course; returns its id."""
    telling = course.telling
    concern_id = demo_id(f"{course.id}/concern/{kind}")
    entered = ConcernEntered(
        id=concern_id,
        client_id=course.person.id,
        episode_id=course.id,
        kind=kind,
        level=level,
        words=said,
        where=where,
        plan=plan,
        holds=False,
        on=telling.on(next_at) if next_at else None,
        time=telling.typed(next_at) if next_at else "",
        with_id=THERAPIST.id,
    )
    telling.then(at, THERAPIST, raise_concern, entered)
    return concern_id


def _questions(telling: Telling) -> None:
    """One that waits, one past its time, and one whose answer is to be read."""
    days = telling.days
    nakamura = _shared(telling, people.NAKAMURA, INFUSION)
    _asked(nakamura, THERAPIST, days.ago(1, 5), days.ahead(2, 26), words.PRESSURE_AT_FORTY)
    osei = _shared(telling, people.OSEI)
    _asked(osei, PRESCRIBER, days.ago(30, 50), days.ago(3, 25), words.EARLIER_VISIT)
    rahman = _shared(telling, people.RAHMAN)
    asked_at = days.ago(28, 50, 1)
    ask_id = _asked(rahman, THERAPIST, asked_at, asked_at + 8 * HOUR, words.TREMOR)
    answer = AnswerEntered(demo_id(f"{ask_id}/answer"), ask_id, words.TREMOR_ANSWERED)
    telling.then(asked_at + 95 * MINUTE, PRESCRIBER, answer_ask, answer)


def _asked(course: Course, who: Colleague, at: datetime, due_at: datetime, said: str) -> str:
    """One of the two asks the other about the course; returns the question's id."""
    telling = course.telling
    other = THERAPIST if who is PRESCRIBER else PRESCRIBER
    ask_id = demo_id(f"{course.id}/ask")
    entered = AskEntered(
        id=ask_id,
        episode_id=course.id,
        asked_of_id=other.id,
        words=said,
        on=telling.on(due_at),
        time=telling.typed(due_at),
        about_medicine_use=False,
        level=None,
    )
    telling.then(at, who, ask, entered)
    return ask_id


def _waits_outside(telling: Telling) -> None:
    """On an insurer, to be called back today, and on primary care."""
    days = telling.days

    romero = _shared(telling, people.ROMERO)
    _waits(
        romero,
        # After the course was opened, also where a weekend puts both on one day.
        days.at(-12, 16, 10),
        demo_id(f"{romero.id}/insurer"),
        OutsideParty.INSURER,
        "Sonora Health",
        days.today,
        FRONT_DESK,
        words.AUTHORIZATION_ASKED,
    )
    vance = _shared(telling, people.VANCE)
    _waits(
        vance,
        days.at(-1, 16, 40),
        demo_id(f"{vance.id}/primary_care"),
        OutsideParty.PRIMARY_CARE,
        "Dr. Vail",
        telling.on(days.coming(5, 9)),
        THERAPIST,
        words.RECORDS_ASKED,
    )


def _is_authorized(course: Course, first: datetime) -> None:
    """An insurer authorized visits before the `first` dose, for which the front desk had asked."""
    telling, days = course.telling, course.telling.days
    authorized_at = days.earlier(first, 12, 15, 20)
    wait_id = demo_id(f"{course.id}/insurer")
    _waits(
        course,
        days.earlier(first, 20, 10, 10),
        wait_id,
        OutsideParty.INSURER,
        "Ocotillo Mutual",
        telling.on(authorized_at),
        FRONT_DESK,
        words.SPRAVATO_ASKED,
    )
    telling.then(
        authorized_at,
        FRONT_DESK,
        end_wait,
        WaitEndedEntered(
            wait_id=wait_id,
            version=1,
            outcome=WaitOutcome.ARRIVED,
            ended_on=telling.on(authorized_at),
            visits=5,
            valid_from_on=telling.on(authorized_at),
            valid_until_on=days.today + timedelta(days=60),
        ),
    )


def _waits(
    course: Course,
    at: datetime,
    wait_id: str,
    kind: OutsideParty,
    who: str,
    call_back_on: date,
    caller: Colleague,
    said: str,
) -> None:
    """Somebody begins to wait on someone outside."""
    entered = WaitEntered(
        id=wait_id,
        episode_id=course.id,
        kind=kind,
        who=who,
        since_on=course.telling.on(at),
        call_back_on=call_back_on,
        caller_id=caller.id,
        words=said,
    )
    course.telling.then(at, caller, begin_wait, entered)


def _holds(telling: Telling) -> None:
    """On hold for a trip, and for blood pressure."""
    days = telling.days

    sandoval = Course(telling, people.SANDOVAL, prescriber=SECOND_PRESCRIBER, therapist=THERAPIST)
    third = _series(
        sandoval,
        sandoval.dose_near(days.at(-18, 11)),
        ("45", "55"),
        words.ARRIVALS,
        _DEPRESSION,
        "100",
    )
    third.is_booked("60", slot=third.next_day)
    third.has_intention(words.ARRIVALS[2], third.eve).is_given("60")
    third.is_integrated(third.next_day, words.ARRIVALS[2])
    telling.then(
        days.at(-12, 10),
        THERAPIST,
        hold_episode,
        HoldEntered(
            demo_id("hold/sandoval"),
            sandoval.id,
            HoldReason.TRAVEL,
            "Three weeks with family abroad.",
            days.on(9),
        ),
    )

    moreau = _shared(telling, people.MOREAU)
    refused = _series(
        moreau,
        moreau.dose_near(days.at(-4, 10)),
        ("45", "50"),
        words.PRESSURE,
        _PAIN,
        "100",
        may_add="10",
    )
    refused.is_booked("55", slot=refused.next_day)
    refused.has_intention(words.PRESSURE[2], refused.eve)
    refused.has_other_medicine(
        refused.planned_at + 15 * MINUTE,
        "clonidine",
        "0.1 mg",
        MedicineRoute.ORAL,
        "Blood pressure 168/102",
    )
    refused.ends(
        refused.planned_at + 40 * MINUTE,
        PRESCRIBER,
        mark_not_given,
        "Blood pressure 168/102 and 164/101 after twenty minutes of rest.",
    )
    telling.then(
        refused.planned_at + 50 * MINUTE,
        PRESCRIBER,
        hold_episode,
        HoldEntered(
            demo_id("hold/moreau"),
            moreau.id,
            HoldReason.BLOOD_PRESSURE,
            "Sees his own doctor about metoprolol; home readings twice a day.",
            days.on(1),
        ),
    )
    decided = moreau.is_noted(
        NoteKind.DECISION, refused.planned_at + 5 * HOUR, words.NO_DOSE_ABOVE, by=PRESCRIBER
    )
    telling.then(
        refused.planned_at + 6 * HOUR,
        THERAPIST,
        add_addendum,
        AddendumEntered(
            demo_id("addendum/moreau"), decided, "Told him again on the phone; he keeps a list."
        ),
    )


def _other_courses(telling: Telling) -> None:
    """Courses of colleagues, of which the two see only what is theirs."""
    days = telling.days

    obrien = Course(
        telling,
        people.OBRIEN,
        prescriber=PRESCRIBER,
        therapist=SECOND_THERAPIST,
        regimen=SUBLINGUAL,
    )
    second = _series(obrien, obrien.dose_ahead(22, 70, 1), ("100",), words.TIDES, _TRD, "300")
    second.is_booked("150", slot=second.next_day)

    park = Course(telling, people.PARK, prescriber=PRESCRIBER, therapist=SECOND_THERAPIST)
    other = _series(park, park.dose_ahead(1.5, 30), ("50",), words.ARRIVALS, _DEPRESSION, "100")
    other.is_booked("60", slot=other.next_day, people="Wren in the room")
    other.has_intention(words.ARRIVALS[1], other.eve)

    nguyen = Course(telling, people.NGUYEN, prescriber=SECOND_PRESCRIBER, therapist=THIRD_THERAPIST)
    nauseous = _series(
        nguyen, nguyen.dose_near(days.at(-6, 10)), (), words.ROOTS[1:], _DEPRESSION, "90"
    )
    nauseous.is_booked("45", slot=nauseous.next_day)
    nauseous.has_intention(words.ROOTS[1], nauseous.eve)
    nauseous.is_given("45", stopped="Nausea; ondansetron given, better after half an hour.")
    nauseous.has_other_medicine(
        nauseous.planned_at + 50 * MINUTE,
        "ondansetron",
        "4 mg",
        MedicineRoute.SUBLINGUAL,
        "Nausea",
    )
    nauseous.is_integrated(nauseous.next_day, words.ROOTS[1])
    _next(nauseous, days.coming(3, 11), "40")

    kealoha = Course(
        telling, people.KEALOHA, prescriber=SECOND_PRESCRIBER, therapist=THIRD_THERAPIST
    )
    telling.becomes_client(days.at(-8, 10), people.KEALOHA)
    kealoha.opens(days.at(-6, 14), _DEPRESSION)

    sterling = Course(
        telling, people.STERLING, prescriber=DIRECTOR, therapist=DIRECTOR, regimen=INFUSION
    )
    third = _series(
        sterling,
        sterling.dose_ahead(28, 70, 2),
        ("30", "35"),
        words.ROOTS,
        (Indication.END_OF_LIFE,),
        "50",
    )
    third.is_booked("35", slot=third.next_day)

    abebe = Course(telling, people.ABEBE, prescriber=DIRECTOR, therapist=DIRECTOR)
    telling.becomes_client(days.at(-12, 10), people.ABEBE)
    abebe.opens(days.at(-11, 14), _PTSD)
    abebe.moves(days.at(-7, 14), EpisodeState.PREPARATION)


def _callers(telling: Telling) -> None:
    """Two open inquiries, one referred elsewhere, and one of whom a client was made."""
    calls = (
        ("ashdown", "Marguerite Ashdown", "71", ServiceLine.KAP, -1, "Grief; her sister was here."),
        ("wolfe", "Kenji Wolfe", "72", None, -2, "Asks what it costs and whether he may drive."),
        (
            "lindgren",
            "Bo Lindgren",
            "73",
            ServiceLine.PSYCHEDELIC_INTEGRATION,
            -9,
            "Needs care closer to home.",
        ),
        ("zielinska", "Ola Zielinska", "74", ServiceLine.KAP, -7, "Referred by her own doctor."),
        ("romero", "Xochitl Romero", "75", ServiceLine.KAP, -22, "Read about it."),
    )
    days = telling.days
    for key, name, phone, service, back, concern in calls:
        called_at = days.at(back, 9, 10)
        telling.then(
            called_at + 10 * MINUTE,
            FRONT_DESK,
            record_inquiry,
            InquiryEntered(
                demo_id(f"inquiry/{key}"),
                name,
                f"602-555-01{phone}",
                service,
                concern,
                telling.on(called_at),
                telling.typed(called_at),
            ),
        )
    for key, back, outcome, note in (
        ("lindgren", -7, InquiryOutcome.REFERRED_OUT, "Given two names in Flagstaff."),
        ("zielinska", -4, InquiryOutcome.PROCEED, "Wants to begin next month."),
        ("romero", -19, InquiryOutcome.PROCEED, "Asks the insurer first."),
    ):
        held_at = days.at(back, 12)
        telling.then(
            held_at + 20 * MINUTE,
            THERAPIST,
            settle_inquiry,
            ConsultationEntered(
                demo_id(f"inquiry/{key}"),
                1,
                in_danger=False,
                psychosis_or_mania=False,
                heart_or_blood_pressure=None,
                pregnancy=False,
                other_treatment=outcome is InquiryOutcome.PROCEED,
                held_on=telling.on(held_at),
                held_time=telling.typed(held_at),
                outcome=outcome,
                outcome_note=note,
            ),
        )
    _becomes_client(telling, days.at(-1, 16, 30), people.ZIELINSKA, "zielinska")


def _becomes_client(telling: Telling, at: datetime, person: Person, inquiry: str) -> None:
    """The front desk makes a client of somebody who called."""
    telling.then(
        at,
        FRONT_DESK,
        become_client,
        InquiryClientEntered(
            **telling.client_form(at, person), inquiry_id=demo_id(f"inquiry/{inquiry}")
        ),
    )
