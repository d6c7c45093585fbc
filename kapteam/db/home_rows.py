"""The rows that the medicine at home is judged from, as parts of a statement that asks for more."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    func,
    union_all,
)
from sqlalchemy.orm import Session

from kapteam.db.matters import matter
from kapteam.db.tables import (
    Administration,
    Concern,
    Episode,
    HomeSupply,
    HomeTally,
    KetamineSession,
)
from kapteam.db.types import UtcDateTime
from kapteam.rules.home_supply import Counted, HomeFacts, Returned, Supplied, Used
from kapteam.vocabulary import ConcernKind, Tally

SUPPLY, USED, RETURNED, COUNTED, CONCERNED = "supply", "used", "returned", "counted", "concerned"


def selects(wanted: Any) -> tuple[Select[Any], ...]:
    """What was sent, used, returned and counted on the `wanted` courses, and what was raised.

    All have the columns of `matters.matter`. What was used follows
    from what was given in sessions at home, boosters included (rule 4).
    """
    ended = func.coalesce(Administration.ended_at, Administration.started_at)
    used = (
        matter(
            USED,
            KetamineSession.episode_id,
            id=KetamineSession.id,
            at=func.max(ended, type_=UtcDateTime()),
            ug=func.sum(Administration.ug, type_=Integer()),
        )
        .join(Administration, Administration.ketamine_session_id == KetamineSession.id)
        .where(
            KetamineSession.episode_id.in_(wanted),
            KetamineSession.at_home,
            Administration.voided_at.is_(None),
        )
        .group_by(KetamineSession.id, KetamineSession.episode_id)
    )
    concerned = (
        matter(
            CONCERNED,
            Episode.id,
            id=Episode.id,
            at=func.max(Concern.raised_at, type_=UtcDateTime()),
        )
        .join(Concern, Concern.client_id == Episode.client_id)
        .where(Episode.id.in_(wanted), Concern.kind == ConcernKind.MEDICINE_USE)
        .group_by(Episode.id)
    )
    return (
        matter(
            SUPPLY,
            HomeSupply.episode_id,
            id=HomeSupply.id,
            from_on=HomeSupply.sent_on,
            until_on=HomeSupply.arrived_on,
            number=HomeSupply.lozenges,
            ug=HomeSupply.ug_each,
        ).where(HomeSupply.episode_id.in_(wanted), HomeSupply.voided_at.is_(None)),
        used,
        *(
            matter(
                what,
                HomeTally.episode_id,
                id=HomeTally.id,
                at=HomeTally.at,
                number=HomeTally.lozenges,
            ).where(
                HomeTally.episode_id.in_(wanted),
                HomeTally.kind == kind,
                HomeTally.voided_at.is_(None),
            )
            for what, kind in ((RETURNED, Tally.RETURN), (COUNTED, Tally.COUNT))
        ),
        concerned,
    )


def read_facts(db: Session, wanted: Any) -> HomeFacts:
    """The medicine at home of one course, in one statement."""
    return facts_of(db.execute(union_all(*selects(wanted))))


def facts_of(rows: Iterable[Any]) -> HomeFacts:
    """What `selects` found of one course; other rows among them are passed over."""
    by: dict[str, list[Any]] = {}
    for row in rows:
        by.setdefault(row.what, []).append(row)
    return HomeFacts(
        supplies=tuple(
            Supplied(row.number, row.ug, row.from_on, row.until_on) for row in by.get(SUPPLY, ())
        ),
        used=tuple(Used(row.ug, row.at) for row in by.get(USED, ())),
        returned=tuple(Returned(row.number, row.at) for row in by.get(RETURNED, ())),
        counts=tuple(Counted(row.number, row.at) for row in by.get(COUNTED, ())),
        concern_at=next((row.at for row in by.get(CONCERNED, ())), None),
    )
