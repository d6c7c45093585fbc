"""The "Now" buttons of the hour itself: one press keeps one thing with this moment as its time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    RecordEntered,
    record_ketamine_session,
)
from kapteam.actions.loading import practice_zone
from kapteam.errors import Invalid
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import AdministrationKind, Term

_ROW = "administrations.0."


class Moment(Term):
    """What can be kept with one press."""

    ARRIVED = "arrived", "Arrived"
    GIVEN = "given", "Dose"
    OUT = "out", "Out"


@dataclass(frozen=True, slots=True)
class NowEntered:
    """What happens at this moment in a session.

    A dose has its `kind`, its `mg` and the id of its row, minted by the form; `reason` and
    `told_by` as of an AdministrationEntered, and so is the `lot`. `reason` also says why the
    client leaves early.
    """

    ketamine_session_id: str
    version: int
    what: Moment
    administration_id: str = ""
    kind: AdministrationKind | None = None
    mg: str = ""
    lot: str = ""
    reason: str = ""
    told_by: str | None = None


def record_now(db: Session, viewer: Viewer, entered: NowEntered, now: datetime) -> None:
    """Keep it with the minute it is; raises like `record_ketamine_session`.

    What is wrong with a dose stands beside the names of `NowEntered`.
    """
    local = now.astimezone(practice_zone(db, now))
    on, time = local.date(), wording.clock_time(local.time())
    about: Mapping[str, Any]
    if entered.what is Moment.ARRIVED:
        about = {"arrived_on": on, "arrived_time": time}
    elif entered.what is Moment.OUT:
        about = {
            "discharged_on": on,
            "discharged_time": time,
            "early_out_reason": entered.reason,
        }
    else:
        one = AdministrationEntered(
            id=entered.administration_id,
            kind=entered.kind,
            mg=entered.mg,
            started_on=on,
            started_time=time,
            lot=entered.lot,
            reason=entered.reason,
            told_by=entered.told_by,
        )
        about = {"administrations": (one,)}
    record = RecordEntered(entered.ketamine_session_id, entered.version, **about)
    try:
        record_ketamine_session(db, viewer, record, now)
    except Invalid as refused:
        names = {"early_out_reason": "reason"}
        raise Invalid(
            {
                names.get(field, field.removeprefix(_ROW)): text
                for field, text in refused.fields.items()
            }
        ) from None
