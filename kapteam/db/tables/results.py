"""What doses and series came to, worked out from other rows and kept for counting (decision 78).

`db/results.py` alone writes these rows and can write them anew from the others at any time. They
point to nothing in the database's sense: who works them out waits for no row that is being changed.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Base
from kapteam.db.types import term
from kapteam.vocabulary import ProductRoute


class DoseResult(Base):
    """A ketamine session at which something was given, and what became of it.

    `waited_seconds` lie between its last giving and its integration, None while none was held;
    `is_closed`: it was closed without one. `is_intended`: an intention was signed before it, None
    where none is expected.
    """

    __tablename__ = "dose_result"

    ketamine_session_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    episode_id: Mapped[str] = mapped_column(String(36), index=True)
    product_route: Mapped[ProductRoute] = mapped_column(term(ProductRoute))
    first_at: Mapped[datetime] = mapped_column(index=True)
    last_at: Mapped[datetime]
    expects_integration: Mapped[bool]
    waited_seconds: Mapped[int | None]
    is_closed: Mapped[bool]
    is_intended: Mapped[bool | None]


class SeriesResult(Base):
    """A series of which something was given, and its finding under each question.

    A finding is None where the question is not asked of it. A figure is the gain in points, or
    days; None where there is none.
    """

    __tablename__ = "series_result"

    series_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    episode_id: Mapped[str] = mapped_column(String(36), index=True)
    product_route: Mapped[ProductRoute] = mapped_column(term(ProductRoute))
    measure_id: Mapped[str | None] = mapped_column(String(60))
    begun_at: Mapped[datetime] = mapped_column(index=True)
    response: Mapped[str | None] = mapped_column(String(40))
    remission: Mapped[str | None] = mapped_column(String(40))
    after_4: Mapped[str | None] = mapped_column(String(40))
    after_4_figure: Mapped[int | None]
    after_6: Mapped[str | None] = mapped_column(String(40))
    after_6_figure: Mapped[int | None]
    time: Mapped[str | None] = mapped_column(String(40))
    time_figure: Mapped[int | None]


class ResultsBasis(Base):
    """By which zone and measures the results were worked out; at most one row.

    While there is one, every change is noted. `is_whole` once all courses were worked
    out.
    """

    __tablename__ = "results_basis"

    basis: Mapped[str] = mapped_column(String(400), primary_key=True)
    is_whole: Mapped[bool]


class ResultsChange(Base):
    """That something was changed since results were worked out: a row for each change.

    Of a course, of a ketamine session, or of what an integration session integrates.
    """

    __tablename__ = "results_change"

    # SQLite takes a key for the number of a row only by this very name of its type.
    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    episode_id: Mapped[str | None] = mapped_column(String(36))
    ketamine_session_id: Mapped[str | None] = mapped_column(String(36))
    integration_session_id: Mapped[str | None] = mapped_column(String(36))
