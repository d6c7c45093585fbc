"""The closed lists of the field, with the words that stand for them on the screen.

A member's value is what the database stores: renaming one needs a migration. Its label is what
people read.
"""

from enum import StrEnum
from typing import Self


class Term(StrEnum):
    """A stored value with its label."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Function(Term):
    """What a clinician does in the practice. One person may hold several."""

    PRESCRIBER = "prescriber", "Prescriber"
    THERAPIST = "therapist", "Therapist"
    NURSE = "nurse", "Nurse"
    COORDINATOR = "coordinator", "Front desk"


class Weekday(Term):
    """A day of the week, in the order of `date.weekday()`."""

    MONDAY = "mon", "Monday"
    TUESDAY = "tue", "Tuesday"
    WEDNESDAY = "wed", "Wednesday"
    THURSDAY = "thu", "Thursday"
    FRIDAY = "fri", "Friday"
    SATURDAY = "sat", "Saturday"
    SUNDAY = "sun", "Sunday"


class ServiceLine(Term):
    """What a course of care is for (domain 1.2)."""

    KAP = "kap", "Ketamine-assisted psychotherapy"
    PSYCHEDELIC_INTEGRATION = "psychedelic_integration", "Psychedelic integration"
    THERAPY_AFTER_KAP = "therapy_after_kap", "Therapy after KAP"


class EpisodeState(Term):
    """Where a course of care stands (product.md, Episode)."""

    ASSESSMENT = "assessment", "Assessment"
    PREPARATION = "preparation", "Preparation"
    SERIES = "series", "Series"
    SERIES_REVIEW = "series_review", "Series review"
    MAINTENANCE = "maintenance", "Maintenance"
    INTEGRATION = "integration", "Integration"
    CLOSED = "closed", "Closed"


class CloseReason(Term):
    """Why a course of care ended (domain 1.1, state 9)."""

    GOALS_MET = "goals_met", "Goals met"
    NO_RESPONSE = "no_response", "Not better"
    ADVERSE_EVENT = "adverse_event", "Adverse event"
    CLIENT_CHOICE = "client_choice", "Client's choice"
    OUT_OF_TOUCH = "out_of_touch", "Out of touch"
    REFERRED = "referred", "Referred"
    NOT_ELIGIBLE = "not_eligible", "Not eligible"


class FinalScores(Term):
    """Whether the last measures of a course were taken (rule 56)."""

    OBTAINED = "obtained", "Obtained, recorded elsewhere"
    NOT_OBTAINED = "not_obtained", "Not obtained"


class Part(Term):
    """The part a clinician has in one course of care."""

    PRESCRIBER = "prescriber", "Prescriber"
    THERAPIST = "therapist", "Therapist"
    COVER = "cover", "Cover"


class HoldReason(Term):
    """Why a course pauses. A medical hold is released by a prescriber only (rule 15)."""

    BLOOD_PRESSURE = "blood_pressure", "Blood pressure"
    SUICIDE_RISK = "suicide_risk", "Suicide risk"
    MANIA_PSYCHOSIS = "mania_psychosis", "Mania or psychosis"
    PREGNANCY = "pregnancy", "Pregnancy"
    MEDICINE_USE = "medicine_use", "Medicine-use concern"
    URINARY = "urinary", "Urinary symptoms"
    TRAVEL = "travel", "Travel"
    COST = "cost", "Cost"
    CLIENT_CHOICE = "client_choice", "Client's choice"
    OTHER = "other", "Other"

    @property
    def is_medical(self) -> bool:
        """Whether only a prescriber may release it."""
        return self in {
            HoldReason.BLOOD_PRESSURE,
            HoldReason.SUICIDE_RISK,
            HoldReason.MANIA_PSYCHOSIS,
            HoldReason.PREGNANCY,
            HoldReason.MEDICINE_USE,
            HoldReason.URINARY,
        }


class Indication(Term):
    """What is treated."""

    DEPRESSION = "depression", "Depression"
    TREATMENT_RESISTANT_DEPRESSION = "trd", "Treatment-resistant depression"
    PTSD = "ptsd", "PTSD"
    COMPLEX_TRAUMA = "complex_trauma", "Complex trauma"
    ANXIETY = "anxiety", "Anxiety"
    CHRONIC_PAIN = "chronic_pain", "Chronic pain"
    END_OF_LIFE = "end_of_life", "End-of-life distress"
    OTHER = "other", "Other"


class ProductRoute(Term):
    """Product and route as one code, so that the two nasal and two oral ways cannot be confused.

    Esketamine is another product than ketamine. Routes are spelled out (domain 1.3, ISMP).
    """

    INTRAVENOUS = "IV", "intravenous"
    INTRAMUSCULAR = "IM", "intramuscular"
    ESKETAMINE_NASAL = "NASAL_ESK", "esketamine nasal (Spravato)"
    COMPOUNDED_NASAL = "NASAL_RAC", "compounded nasal"
    SUBLINGUAL = "SL", "sublingual"
    ORAL = "PO", "oral"
    SUBCUTANEOUS = "SC", "subcutaneous"

    @property
    def giving_minutes(self) -> int:
        """Minutes from the planned start to the usual last administration.

        Only for an estimated clock, when nothing was recorded (rule 2). Source: domain 1.3, the
        reference infusion runs 40 minutes; two or three nasal devices 5 minutes apart; the others
        are given at once.
        """
        return {ProductRoute.INTRAVENOUS: 40, ProductRoute.ESKETAMINE_NASAL: 10}.get(self, 0)


class ClearanceDecision(Term):
    """What the prescriber decided (domain 1.1, state 3)."""

    CLEARED = "cleared", "Cleared"
    CLEARED_WITH_CONDITIONS = "cleared_with_conditions", "Cleared with conditions"
    DEFERRED = "deferred", "Deferred"
    NOT_ELIGIBLE = "not_eligible", "Not eligible"

    @property
    def allows_ketamine(self) -> bool:
        """Whether ketamine may be planned on this decision."""
        return self in {ClearanceDecision.CLEARED, ClearanceDecision.CLEARED_WITH_CONDITIONS}


class TrialKind(Term):
    """What kind of treatment was tried before."""

    MEDICINE = "medicine", "Medicine"
    THERAPY = "therapy", "Therapy"


class TrialOutcome(Term):
    """What came of a treatment that was tried before."""

    NO_RESPONSE = "no_response", "No response"
    PARTIAL = "partial", "Partial response"
    NOT_TOLERATED = "not_tolerated", "Not tolerated"
    HELPED = "helped", "Helped"
    UNKNOWN = "unknown", "Not known"


class Severity(Term):
    """How much a contraindication weighs."""

    ABSOLUTE = "absolute", "Rules ketamine out, by the Spravato label"
    EXCLUSION = "exclusion", "Usually rules it out"
    CAUTION = "caution", "Asks for caution"


class Contraindication(Term):
    """What speaks against ketamine, the weightiest first (domain 1.6)."""

    ANEURYSM = "aneurysm", "Aneurysm"
    AVM = "avm", "Arteriovenous malformation"
    BRAIN_BLEED = "brain_bleed", "Bleeding in the brain, ever"
    HYPERSENSITIVITY = "hypersensitivity", "Hypersensitivity to ketamine"
    PSYCHOTIC_DISORDER = "psychotic_disorder", "Primary psychotic disorder"
    MANIA = "mania", "Acute mania or mixed state"
    SUICIDALITY = "suicidality", "Suicidality that needs higher care"
    SUBSTANCE_USE = "substance_use", "Uncontrolled substance use"
    BLOOD_PRESSURE = "blood_pressure", "Uncontrolled high blood pressure"
    HEART = "heart", "Recent heart attack or unstable angina"
    INTRACRANIAL = "intracranial", "Raised intracranial pressure"
    GLAUCOMA = "glaucoma", "Uncontrolled glaucoma"
    BREATHING = "breathing", "Severe breathing problems"
    SLEEP_APNEA = "sleep_apnea", "Untreated sleep apnea"
    SEVERE_LIVER = "severe_liver", "Severe liver impairment"
    DEMENTIA = "dementia", "Dementia"
    MINOR = "minor", "Under 18"
    PREGNANCY = "pregnancy", "Pregnancy"
    LIVER = "liver", "Liver disease"
    CYSTITIS = "cystitis", "Cystitis"
    HYPERTHYROIDISM = "hyperthyroidism", "Hyperthyroidism"
    SEIZURES = "seizures", "Seizure disorder"
    PAST_MISUSE = "past_misuse", "Past misuse of ketamine"

    @property
    def severity(self) -> Severity:
        """How much it weighs."""
        return _SEVERITY.get(self, Severity.EXCLUSION)


_SEVERITY = dict.fromkeys(
    (
        Contraindication.ANEURYSM,
        Contraindication.AVM,
        Contraindication.BRAIN_BLEED,
        Contraindication.HYPERSENSITIVITY,
    ),
    Severity.ABSOLUTE,
) | dict.fromkeys(
    (
        Contraindication.PREGNANCY,
        Contraindication.LIVER,
        Contraindication.CYSTITIS,
        Contraindication.HYPERTHYROIDISM,
        Contraindication.SEIZURES,
        Contraindication.PAST_MISUSE,
    ),
    Severity.CAUTION,
)


class ConsentType(Term):
    """What the client agreed to in writing (domain 1.5 and 7.4)."""

    KAP_TREATMENT = "kap_treatment", "KAP treatment"
    OFF_LABEL = "off_label", "Off-label use"
    THERAPY = "therapy", "Therapist's treatment"
    TEAM_SHARING = "team_sharing", "Team sharing"
    OBSERVER = "observer", "Observer present"
    TOUCH = "touch", "Touch agreement"
    TELEHEALTH = "telehealth", "Telehealth"
    RECORDING = "recording", "Recording"


class InquiryOutcome(Term):
    """What came of a first call."""

    PROCEED = "proceed", "Becomes a client"
    REFERRED_OUT = "referred_out", "Referred elsewhere"
    DECLINED = "declined", "Declined"
    NO_CONTACT = "no_contact", "Not reached"


class StopQuestion(Term):
    """What the free consultation asks before anything else is planned; a value names its column."""

    IN_DANGER = "in_danger", "In danger now"
    PSYCHOSIS_OR_MANIA = "psychosis_or_mania", "Psychosis or mania, ever"
    HEART_OR_BLOOD_PRESSURE = "heart_or_blood_pressure", "Heart or blood pressure"
    PREGNANCY = "pregnancy", "Pregnant, or may be"
    OTHER_TREATMENT = "other_treatment", "In another treatment now"


class SessionStatus(Term):
    """Where one ketamine session stands (domain 2)."""

    PLANNED = "planned", "Planned"
    STARTED = "started", "Started"
    COMPLETED = "completed", "Completed"
    STOPPED_EARLY = "stopped_early", "Stopped early"
    CANCELLED = "cancelled", "Cancelled"
    MISSED = "missed", "Missed"
    NOT_GIVEN = "not_given", "Not given"

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen or to be recorded."""
        return self in {SessionStatus.PLANNED, SessionStatus.STARTED}

    @property
    def is_given(self) -> bool:
        """Whether it counts as a dose once closed (rules 3 and 8)."""
        return self in {SessionStatus.COMPLETED, SessionStatus.STOPPED_EARLY}


class OrderState(Term):
    """Whose figure the dose is (product.md, the core arc 2)."""

    NONE = "none", "Dose not ordered"
    PROPOSED = "proposed", "Proposed, not ordered"
    ORDERED = "ordered", "Ordered"


class ReadinessItem(Term):
    """What has to be so, or has to be asked, before ketamine is given (domain 1.5).

    The label is how it is named after "Waiting on", and so begins small.
    """

    NOTE = "note", "note"
    CLEARANCE = "clearance", "clearance"
    CONSENT = "consent", "consent"
    CEILING = "ceiling", "dose above the clearance"
    DOSE = "dose", "dose"
    WEIGHT = "weight", "weight"
    POSTPONE = "postpone", "intention says postpone"
    HOME = "home", "where they will be"
    RIDE = "ride", "ride home"
    INTENTION = "intention", "intention"
    LAST_NOTE = "last_note", "last integration's note"
    MEDICINES = "medicines", "medicines changed"
    PREGNANCY = "pregnancy", "pregnancy"
    MIND = "mind", "mania, psychosis or intoxication"
    BLADDER = "bladder", "bladder symptoms"
    FASTING = "fasting", "not fasted"
    EVENING = "evening", "alone tonight"
    PRESSURE = "pressure", "blood pressure"
    PRESSURE_HIGH = "pressure_high", "blood pressure too high"
    ENROLLMENT = "enrollment", "Spravato enrollment"


class Answer(Term):
    """What was answered, for one session and no other (rule 29)."""

    FINE = "fine", "As it should be"
    NOT_NEEDED = "not_needed", "Does not apply"
    NOT_FINE = "not_fine", "To be decided"
    GO_AHEAD = "go_ahead", "Go ahead all the same"


class AdverseEventKind(Term):
    """What may befall a client during a session or after it (domain 2, adverse events)."""

    NAUSEA = "nausea", "Nausea"
    VOMITING = "vomiting", "Vomiting"
    HEADACHE = "headache", "Headache"
    DIZZINESS = "dizziness", "Dizziness"
    PRESSURE_RISE = "pressure_rise", "Blood pressure rise"
    FAST_HEART = "fast_heart", "Fast heartbeat"
    SEDATION = "sedation", "Sedation"
    DISSOCIATION = "dissociation", "Distressing dissociation"
    ANXIETY = "anxiety", "Anxiety or panic"
    AGITATION = "agitation", "Agitation"
    CHEST_PAIN = "chest_pain", "Chest pain"
    BREATHLESSNESS = "breathlessness", "Breathlessness"
    SLOW_BREATHING = "slow_breathing", "Slow or shallow breathing"
    LOW_OXYGEN = "low_oxygen", "Low oxygen"
    FAINTING = "fainting", "Fainting"
    BLADDER = "bladder", "Bladder urgency or pain"
    MANIA_OR_PSYCHOSIS = "mania_or_psychosis", "Signs of mania or psychosis"
    SUICIDAL_THOUGHTS = "suicidal_thoughts", "Suicidal thoughts"
    INJECTION_SITE = "injection_site", "Pain or redness where injected"
    OTHER = "other", "Other"


class EventSeverity(Term):
    """How bad an event was."""

    MILD = "mild", "Mild"
    MODERATE = "moderate", "Moderate"
    SEVERE = "severe", "Severe"


class WatchedMedicine(Term):
    """Medicines beside Spravato that its monitoring form asks about (domain 1.4)."""

    BENZODIAZEPINE = "benzodiazepine", "Benzodiazepines"
    HYPNOTIC = "hypnotic", "Other sleeping pills or sedatives"
    OPIOID = "opioid", "Opioids"
    STIMULANT = "stimulant", "Stimulants"
    MAOI = "maoi", "MAO inhibitors"


class SubmittedHow(Term):
    """How a monitoring form of Spravato went out."""

    ONLINE = "online", "Online"
    FAX = "fax", "By fax"
    OTHER = "other", "Another way"


class AdministrationKind(Term):
    """One giving of ketamine within a session."""

    DOSE = "dose", "Dose"
    BOOSTER = "booster", "Booster"
    DEVICE = "device", "Nasal device"


class MedicineRoute(Term):
    """How a medicine other than ketamine was given, spelled out (ISMP)."""

    ORAL = "oral", "oral"
    SUBLINGUAL = "sublingual", "sublingual"
    INTRAMUSCULAR = "intramuscular", "intramuscular"
    INTRAVENOUS = "intravenous", "intravenous"
    NASAL = "nasal", "nasal"
    INHALED = "inhaled", "inhaled"
    SKIN = "skin", "on the skin"
    OTHER = "other", "another route"


class RecordPart(Term):
    """Which half of a finished session's record somebody signs (domain 2, close-out)."""

    MEDICAL = "medical", "Medical part"
    SUPPORT = "support", "Support part"


class Support(Term):
    """What helped during a ketamine session (domain 2). That there was nothing more is presence."""

    PRESENCE = "presence", "Presence"
    BREATH = "breath", "Breath"
    GROUNDING = "grounding", "Grounding"
    MUSIC = "music", "Music changed"
    HAND = "hand", "Hand held, as agreed"
    WORDS = "words", "Words"
    EYE_MASK = "eye_mask", "Eye mask off"


class IntentionTouched(Term):
    """Whether what came up touched the intention (domain 2)."""

    YES = "yes", "Yes"
    PARTLY = "partly", "Partly"
    NO = "no", "No"


class CommitmentState(Term):
    """What became of a committed action (domain 3.4)."""

    OPEN = "open", "Open"
    DONE = "done", "Done"
    PARTLY = "partly", "Partly done"
    DROPPED = "dropped", "Dropped"


class TouchBegan(Term):
    """Whose wish a touch was."""

    OFFERED = "offered", "Offered"
    ASKED_FOR = "asked_for", "Asked for"


class ForReview(Term):
    """What of a ketamine session the next review looks at."""

    BREACH = "breach", "Given beyond what was allowed"
    WENT_AHEAD = "went_ahead", "Went ahead all the same"
    NO_RIDE = "no_ride", "No ride home on record"
    AS_TOLD = "as_told", "Given as told, not confirmed"
    LEFT = "left", "Left early or unwell"
    STRUCK = "struck", "Dose marked as entered in error after the record was signed"
    INCOMPLETE_FORM = "incomplete_form", "Monitoring form sent incomplete"


class How(Term):
    """How people meet."""

    IN_PERSON = "in_person", "In person"
    VIDEO = "video", "By video"
    PHONE = "phone", "By phone"


class ContactKind(Term):
    """What people meet or speak for besides ketamine and integration sessions (domain 1.1)."""

    INTAKE = "intake", "Intake"
    EVALUATION = "evaluation", "Evaluation"
    PREPARATION = "preparation", "Preparation"
    FOLLOW_UP = "follow_up", "Prescriber follow-up"
    CHECK_IN = "check_in", "Check-in"
    CALL = "call", "Call"
    MESSAGE = "message", "Message"
    OUTREACH = "outreach", "Outreach"

    @property
    def function(self) -> "Function | None":
        """Whose work it is; None where anybody may have it."""
        return {
            ContactKind.INTAKE: Function.THERAPIST,
            ContactKind.PREPARATION: Function.THERAPIST,
            ContactKind.EVALUATION: Function.PRESCRIBER,
            ContactKind.FOLLOW_UP: Function.PRESCRIBER,
        }.get(self)

    @property
    def outcomes(self) -> "tuple[ContactOutcome, ...]":
        """What may come of it: one is reached on the telephone, or comes to an appointment."""
        if self in {ContactKind.CALL, ContactKind.MESSAGE, ContactKind.OUTREACH}:
            return ContactOutcome.REACHED, ContactOutcome.NOT_REACHED, ContactOutcome.CANCELLED
        return ContactOutcome.HELD, ContactOutcome.MISSED, ContactOutcome.CANCELLED


class ContactOutcome(Term):
    """How a contact ended."""

    HELD = "held", "Held"
    MISSED = "missed", "Missed"
    REACHED = "reached", "Reached"
    NOT_REACHED = "not_reached", "Not reached"
    CANCELLED = "cancelled", "Cancelled"
    IN_ERROR = "in_error", "Entered in error"


class Touch(Term):
    """What is logged as it comes: who turned to whom, and whether they spoke."""

    THEY_CALLED = "they_called", "They called"
    CALLED_REACHED = "called_reached", "We called, reached"
    CALLED_NOT_REACHED = "called_not_reached", "We called, not reached"
    THEY_WROTE = "they_wrote", "They wrote"
    WE_WROTE = "we_wrote", "We wrote"

    @property
    def kind(self) -> ContactKind:
        """A call or a message."""
        wrote = self in {Touch.THEY_WROTE, Touch.WE_WROTE}
        return ContactKind.MESSAGE if wrote else ContactKind.CALL

    @property
    def outcome(self) -> ContactOutcome:
        """Who only wrote has not reached anybody yet."""
        unheard = self in {Touch.CALLED_NOT_REACHED, Touch.WE_WROTE}
        return ContactOutcome.NOT_REACHED if unheard else ContactOutcome.REACHED

    @property
    def is_from_client(self) -> bool:
        """Whether the client, or somebody for the client, began it."""
        return self in {Touch.THEY_CALLED, Touch.THEY_WROTE}


class OutsideParty(Term):
    """Someone outside the practice whom a course of care waits on."""

    INSURER = "insurer", "Insurer"
    PHARMACY = "pharmacy", "Pharmacy"
    PRIMARY_CARE = "primary_care", "Primary care"
    CLIENT_FORMS = "client_forms", "The client's forms"
    OTHER = "other", "Somebody else"


class WaitOutcome(Term):
    """How a wait on someone outside ended."""

    ARRIVED = "arrived", "It came"
    REFUSED = "refused", "Refused"
    DROPPED = "dropped", "No longer needed"


class Tally(Term):
    """What was said of the lozenges at a client's home: counted with them, or gone back."""

    COUNT = "count", "Counted"
    RETURN = "return", "Returned or destroyed"


class IntegrationKind(Term):
    """A debrief on the day never stops a clock (rule 7)."""

    FULL = "full", "Integration"
    DEBRIEF = "debrief", "Debrief on the day"


class IntegrationCloseReason(Term):
    """Why an integration that is owed will not take place."""

    DECLINED = "declined", "Client declined"
    ELSEWHERE = "elsewhere", "Done elsewhere"
    NOT_NEEDED = "not_needed", "Not needed"
    OUT_OF_TOUCH = "out_of_touch", "Out of touch"


class NoteKind(Term):
    """What a note is about: one session, or the whole course of care."""

    INTENTION = "intention", "Intention note"
    INTEGRATION = "integration", "Integration note"
    RISK = "risk", "Risk note"
    DECISION = "decision", "Decision note"
    GENERAL = "general", "General note"

    @property
    def is_about_course(self) -> bool:
        """Whether it is about the course of care, and about no session of it."""
        return self not in {NoteKind.INTENTION, NoteKind.INTEGRATION}


class Linked(Term):
    """What is signed or given and may change no more; the label begins a sentence about one."""

    NOTE = "note", "The signed note"
    AMENDMENT = "amendment", "The amendment of a note"
    ADDENDUM = "addendum", "What was added to a note"
    NOTE_VOID = "note_void", "The mark of a note as entered in error"
    RECORD = "record", "The signed record of a ketamine session"
    DOSE = "dose", "The dose"
    DOSE_END = "dose_end", "The end of a dose"
    DOSE_CONFIRMED = "dose_confirmed", "The confirmation of a dose"
    DOSE_VOID = "dose_void", "The mark of a dose as entered in error"
    RESTORED = "restored", "The record of a restored backup"


class Outside(Term):
    """What a check of the signed records finds wrong first."""

    CHANGED = "changed", "Changed"
    GONE = "gone", "Deleted"
    ADDED = "added", "Added"
    LINE_CHANGED = "line_changed", "Its line in the list changed"
    LINE_GONE = "line_gone", "A line of the list taken out"
    OTHER_KEY = "other_key", "Another key"
    NO_KEY = "no_key", "No key"
    CUT = "cut", "The newest taken away"
    REPLACED = "replaced", "An older file written on"
    PUT_ASIDE = "put_aside", "Put aside by a restored backup"


class ConcernKind(Term):
    """What a clinician may raise by hand about a client (domain 5, S1 and S4 to S7)."""

    SUICIDE_RISK = "suicide_risk", "Suicide risk"
    MANIA_PSYCHOSIS = "mania_psychosis", "Mania or psychosis"
    MEDICINE_USE = "medicine_use", "Medicine-use concern"
    PREGNANCY = "pregnancy", "Pregnancy"
    URINARY = "urinary", "Urinary symptoms"
    OTHER = "other", "Other concern"


class ConcernLevel(Term):
    """How much there is to a concern."""

    LOW = "low", "Low"
    MODERATE = "moderate", "Moderate"
    HIGH = "high", "High"


class AskTurnKind(Term):
    """What was said to a question after it was asked."""

    ANSWERED = "answered", "Answered"
    ACKNOWLEDGED = "acknowledged", "Read, that answers it"
    REOPENED = "reopened", "Asked again"
    WITHDRAWN = "withdrawn", "Not needed any more"


class Audience(Term):
    """The one answer to "who can see this screen?" (product.md)."""

    JUST_ME = "just_me", "Just me"
    BOTH_OF_US = "both_of_us", "Both of us"
    OTHERS = "others", "Others in the room"

    @property
    def shows(self) -> str:
        """What the screen shows to them."""
        if self is Audience.OTHERS:
            return "Initials and codes. No names, birth dates or phones; texts stay folded."
        return "Names and texts."


class Tone(StrEnum):
    """How loud a phrase is. Red: a clock has passed. Amber: somebody is needed before one does.

    Blue: arranged. Plain: nothing to do. Quiet: said only for completeness.
    """

    RED = "red"
    AMBER = "orange"
    BLUE = "blue"
    PLAIN = "plain"
    QUIET = "gray"


class ReviewDecision(Term):
    """What a case review decided about a course of care (domain 6)."""

    NO_CHANGE = "no_change", "No change"
    CONTINUE = "continue", "Go on with the sessions"
    DOSE = "dose", "Change dose, route or interval"
    PREPARATION = "preparation", "More preparation"
    INTEGRATION = "integration", "Add integration"
    HOLD = "hold", "Put on hold"
    REFER = "refer", "Refer"
    END_SERIES = "end_series", "End the series"
    DISCHARGE = "discharge", "End the course of care"


class ExportPurpose(Term):
    """What somebody takes words with names out of kapteam for (rule 65)."""

    OTHER_RECORD = "other_record", "The record kept elsewhere"
    MEETING = "meeting", "A meeting of the team"
    SUPERVISION = "supervision", "Supervision or an audit"
    REQUEST = "request", "A request that has to be answered"


class ActionEnd(Term):
    """What became of an action of a case review."""

    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"
