"""Row-level access, expressed once: which clients and courses of care somebody may see.

Being on one open course opens the client: identity, safety, the dates of every course. Details and
notes open only for the courses one is on, and one's own notes stay one's own. Whoever covers a
colleague is on that colleague's courses; emergency access opens one client whole. The front desk
sees every client and no note.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, Select, exists, or_, select, true
from sqlalchemy.orm import Session

from kapteam.db.cover import covers
from kapteam.db.tables import Absence, Client, Episode, EpisodeMember, Note
from kapteam.errors import NotFound
from kapteam.rules.permissions import Viewer

Instant = datetime | ColumnElement[datetime]
"""A time, or where a statement that is made once is told it."""


def is_on_episode(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """Whether the viewer, or whom they cover, has a part in the course at `now`.

    For statements over Episode.
    """
    return _parts(viewer, now).where(EpisodeMember.episode_id == Episode.id).exists()


def is_on_with(colleague_id: str, now: datetime) -> ColumnElement[bool]:
    """Whether a colleague, or whom they cover, has a part in the course at `now`.

    It opens nothing: what the viewer may see is asked for beside it.
    """
    covered = select(Absence.clinician_id).where(covers(colleague_id, now))
    theirs = or_(
        EpisodeMember.clinician_id == colleague_id, EpisodeMember.clinician_id.in_(covered)
    )
    return _at(now).where(EpisodeMember.episode_id == Episode.id, theirs).exists()


def is_on(db: Session, viewer: Viewer, episode_id: str, now: datetime) -> bool:
    """The same of one course."""
    on_it = select(Episode.id).where(Episode.id == episode_id, is_on_episode(viewer, now))
    return db.scalar(on_it) is not None


def _parts(viewer: Viewer, now: Instant) -> Select[str]:
    covered = [one.clinician_id for one in viewer.covers]
    return _at(now).where(EpisodeMember.clinician_id.in_([viewer.clinician_id, *covered]))


def _at(now: Instant) -> Select[str]:
    """The courses in which somebody has a part at `now`."""
    return select(EpisodeMember.episode_id).where(
        EpisodeMember.from_at <= now,
        or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
    )


def visible_episodes(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """The condition on Episode: courses whose details this person may see."""
    if viewer.sees_everyone:
        return true()
    return or_(is_on_episode(viewer, now), _opened(viewer))


def visible_episode_ids(viewer: Viewer, now: Instant) -> Select[str] | CompoundSelect[str]:
    """The ids of the same courses, found from the person rather than asked of every course."""
    everybodys = select(Episode.id)
    if viewer.sees_everyone:
        return everybodys
    return _parts(viewer, now).union(everybodys.where(_opened(viewer)))


def own_episode_ids(viewer: Viewer, now: Instant) -> Select[str]:
    """The ids of the courses in which the viewer, or whom they cover, has a part at `now`."""
    return _parts(viewer, now)


def _opened(viewer: Viewer) -> ColumnElement[bool]:
    """The courses of a client who is open to the viewer in an emergency."""
    return Episode.client_id.in_([one.client_id for one in viewer.emergencies])


def visible_clients(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """The condition on Client: people this person may see at all.

    Somebody without any course yet is visible to every clinician, so that one can be opened.
    """
    if viewer.sees_everyone:
        return true()
    on_one = exists().where(Episode.client_id == Client.id, is_on_episode(viewer, now))
    without = ~exists().where(Episode.client_id == Client.id)
    opened = Client.id.in_([one.client_id for one in viewer.emergencies])
    return or_(on_one, without, opened)


def visible_notes(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """The condition on Note and its Episode: notes of the courses one is on, and one's own.

    Whoever was taken off a course still finishes, signs and amends what they wrote on it.
    """
    return or_(visible_episodes(viewer, now), Note.author_id == viewer.clinician_id)


def visible_client(db: Session, viewer: Viewer, client_id: str, now: datetime) -> Client:
    """The client, locked for a change.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    found = db.scalar(
        select(Client)
        .where(Client.id == client_id, visible_clients(viewer, now))
        .with_for_update(of=Client)
    )
    if found is None:
        raise NotFound("There is no such client, or you are not on one of their courses.")
    return found


def visible_episode(db: Session, viewer: Viewer, episode_id: str, now: datetime) -> Episode:
    """The course of care, locked for a change.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    found = db.scalar(
        select(Episode)
        .where(Episode.id == episode_id, visible_episodes(viewer, now))
        .with_for_update(of=Episode)
    )
    if found is None:
        raise NotFound("There is no such course of care, or you are not on it.")
    return found
