"""The mapped classes, one file a subject. Nothing but columns: no rule lives here."""

from kapteam.db.tables.asks import Ask, AskTurn
from kapteam.db.tables.case_reviews import (
    Action,
    CaseReview,
    CaseReviewMember,
    DiscussMark,
    ReviewItem,
)
from kapteam.db.tables.clients import ChartLook, Client, Inquiry, PrescriptionLookup, Weight
from kapteam.db.tables.clinicians import (
    Absence,
    Clinician,
    ClinicianFunction,
    EmergencyAccess,
    FailedAttempt,
    Invitation,
    PinBrowser,
    Presence,
    SignIn,
)
from kapteam.db.tables.commitments import CommitmentUpdate
from kapteam.db.tables.concerns import Concern, ConcernAddition, ConcernSeen
from kapteam.db.tables.contacts import Contact
from kapteam.db.tables.episodes import (
    Clearance,
    Consent,
    Ending,
    Episode,
    EpisodeMember,
    Hold,
    OutsideExperience,
    SignOff,
)
from kapteam.db.tables.filing import Filing
from kapteam.db.tables.home_supply import HomeSupply, HomeTally
from kapteam.db.tables.integration import IntegrationSession, IntegrationSessionFor
from kapteam.db.tables.ketamine import (
    Administration,
    KetamineSession,
    OtherMedicine,
    ReadinessAnswer,
    Series,
    SeriesReview,
)
from kapteam.db.tables.monitoring import Acknowledgement, AdverseEvent, Vital
from kapteam.db.tables.notes import Note, NoteAddendum, NoteAmendment, NoteRead, NoteWords
from kapteam.db.tables.practice import AuditEvent, ClosedDays, Draft, Practice, PracticeSetting
from kapteam.db.tables.record_links import RecordCheck, RecordLink
from kapteam.db.tables.results import DoseResult, ResultsBasis, ResultsChange, SeriesResult
from kapteam.db.tables.scores import Score
from kapteam.db.tables.session_record import RecordSignature, Reviewed, SupportRecord
from kapteam.db.tables.spravato import MonitoringAnswers, MonitoringSubmission, RemsEnrollment
from kapteam.db.tables.waits import OutsideWait

__all__ = [
    "Absence",
    "Acknowledgement",
    "Action",
    "Administration",
    "AdverseEvent",
    "Ask",
    "AskTurn",
    "AuditEvent",
    "CaseReview",
    "CaseReviewMember",
    "ChartLook",
    "Clearance",
    "Client",
    "Clinician",
    "ClinicianFunction",
    "ClosedDays",
    "CommitmentUpdate",
    "Concern",
    "ConcernAddition",
    "ConcernSeen",
    "Consent",
    "Contact",
    "DiscussMark",
    "DoseResult",
    "Draft",
    "EmergencyAccess",
    "Ending",
    "Episode",
    "EpisodeMember",
    "FailedAttempt",
    "Filing",
    "Hold",
    "HomeSupply",
    "HomeTally",
    "Inquiry",
    "IntegrationSession",
    "IntegrationSessionFor",
    "Invitation",
    "KetamineSession",
    "MonitoringAnswers",
    "MonitoringSubmission",
    "Note",
    "NoteAddendum",
    "NoteAmendment",
    "NoteRead",
    "NoteWords",
    "OtherMedicine",
    "OutsideExperience",
    "OutsideWait",
    "PinBrowser",
    "Practice",
    "PracticeSetting",
    "PrescriptionLookup",
    "Presence",
    "ReadinessAnswer",
    "RecordCheck",
    "RecordLink",
    "RecordSignature",
    "RemsEnrollment",
    "ResultsBasis",
    "ResultsChange",
    "ReviewItem",
    "Reviewed",
    "Score",
    "Series",
    "SeriesResult",
    "SeriesReview",
    "SignIn",
    "SignOff",
    "SupportRecord",
    "Vital",
    "Weight",
]
