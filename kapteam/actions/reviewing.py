"""What a course had for the review was looked at, by each of the two for themselves."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kapteam.actions.saving import already_saved
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import Reviewed
from kapteam.db.types import UtcDateTime
from kapteam.errors import NotAllowed
from kapteam.rules.permissions import Viewer, check_can_run_episode


@dataclass(frozen=True, slots=True)
class ReviewedEntered:
    """Until when what stood there was reviewed, the newest of it; `id` is minted by the form."""

    id: str
    episode_id: str
    until_at: datetime


def mark_reviewed(db: Session, viewer: Viewer, entered: ReviewedEntered, now: datetime) -> None:
    """Say that this person has looked at what a course had for the review until an instant.

    It stays for the other of the two. What is recorded afterwards stands there again. Raises
    NotAllowed, NotFound.
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_run_episode(viewer)
    if already_saved(db, Reviewed, entered.id):
        return
    if entered.until_at > now:
        raise NotAllowed("Nobody has reviewed yet what is still to come.")
    newest = db.scalar(
        select(func.max(Reviewed.until_at, type_=UtcDateTime())).where(
            Reviewed.episode_id == episode.id, Reviewed.reviewed_by_id == viewer.clinician_id
        )
    )
    if newest is not None and newest >= entered.until_at:
        raise NotAllowed("You have said already that this was reviewed.")
    db.add(
        Reviewed(
            id=entered.id,
            episode_id=episode.id,
            until_at=entered.until_at,
            reviewed_by_id=viewer.clinician_id,
            reviewed_at=now,
        )
    )
    record(
        db,
        "episode:reviewed",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=episode.id,
        until_at=entered.until_at,
    )
