"""What a course of care waits for from outside: the page that begins, changes and ends a wait."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kapteam.db.access import visible_episodes
from kapteam.db.tables import Client, Clinician, Episode, EpisodeMember, OutsideWait
from kapteam.errors import NotFound
from kapteam.queries.client_names import ClientName, client_named
from kapteam.queries.practice import Colleague, team
from kapteam.queries.standing import Asked
from kapteam.rules.waits import OutsideWaitFacts
from kapteam.vocabulary import EpisodeState, Function, WaitOutcome


@dataclass(frozen=True, slots=True)
class OneWait:
    """One wait as it is kept, and how it ended."""

    facts: OutsideWaitFacts
    version: int
    caller: str
    words: str
    outcome: WaitOutcome | None
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class WaitPage:
    """A course, its waits (open ones first, the newest first), and the one that was asked for."""

    client: ClientName
    episode_id: str
    is_open: bool
    member_ids: frozenset[str | None]
    wait: OneWait | None
    all_of_them: tuple[OneWait, ...]
    team: tuple[Colleague, ...]

    @property
    def may_call(self) -> dict[str, str]:
        """Who may call, by id: who is on the course now, and the front desk."""
        return {
            one.id: one.name
            for one in self.team
            if one.suspended_at is None
            and (one.id in self.member_ids or Function.COORDINATOR in one.functions)
        }


def wait_page(db: Session, asked: Asked, *, episode_id: str = "", wait_id: str = "") -> WaitPage:
    """The waits of a course, found by its id or by one wait of it: three statements.

    Raises NotFound when there is none or the viewer may not see it; the two read the same.
    """
    which = Episode.id == episode_id
    if wait_id:
        which = Episode.id.in_(select(OutsideWait.episode_id).where(OutsideWait.id == wait_id))
    rows = db.execute(
        select(Episode, Client, OutsideWait, Clinician.name)
        .join(Client, Client.id == Episode.client_id)
        .outerjoin(OutsideWait, OutsideWait.episode_id == Episode.id)
        .outerjoin(Clinician, Clinician.id == OutsideWait.caller_id)
        .where(which, visible_episodes(asked.viewer, asked.now))
        .order_by(
            OutsideWait.outcome.is_not(None), OutsideWait.since_on.desc(), OutsideWait.id.desc()
        )
    ).all()
    if not rows:
        raise NotFound("There is no such course of care or wait, or you are not on it.")
    episode, client = rows[0].Episode, rows[0].Client
    found = tuple(_one(row.OutsideWait, row.name) for row in rows if row.OutsideWait)
    return WaitPage(
        client=client_named(client.id, client),
        episode_id=episode.id,
        member_ids=frozenset(_members(db, asked, episode.id)),
        is_open=episode.state is not EpisodeState.CLOSED,
        wait=next((one for one in found if one.facts.id == wait_id), None),
        all_of_them=found,
        team=team(db, asked),
    )


def _members(db: Session, asked: Asked, episode_id: str) -> list[str | None]:
    now = asked.now
    return list(
        db.scalars(
            select(EpisodeMember.clinician_id).where(
                EpisodeMember.episode_id == episode_id,
                EpisodeMember.from_at <= now,
                or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
            )
        )
    )


def _one(row: OutsideWait, caller: str) -> OneWait:
    return OneWait(
        OutsideWaitFacts(row.id, row.kind, row.who, row.since_on, row.call_back_on, row.caller_id),
        row.version,
        caller,
        row.words,
        row.outcome,
        row.ended_on,
    )
