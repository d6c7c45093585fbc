"""What a locked screen goes on saying while somebody is under medicine: where, and what is due."""

from datetime import datetime

from sqlalchemy.orm import Session

from kapteam import sentences
from kapteam.accounts.sign_ins import last_viewer_of
from kapteam.db.in_force import practice_in_force
from kapteam.queries.right_now import right_now
from kapteam.queries.standing import Asked
from kapteam.wording import first_up


def right_now_unnamed(db: Session, sign_in_id: str, now: datetime) -> list[str]:
    """A line for each client under medicine of who acted last: `Room 1: BP due in 6 min, …`.

    No name, no code, no medicine, and of a client at home not the address.
    """
    viewer, practice = last_viewer_of(db, sign_in_id, now), practice_in_force(db, now)
    if viewer is None or practice is None:
        return []
    zone, lines = practice.zone, []
    for one in right_now(db, Asked(viewer, practice, now)):
        where = "at home" if one.at_home else one.place or "place not recorded"
        due = [sentences.due_reading(one.due, now, zone).text] if one.due else []
        leaves = sentences.may_leave(one.may_leave_at, now, zone, at_home=one.at_home)
        lines.append(f"{first_up(where)}: {', '.join([*due, leaves])}")
    return lines
