"""The whole error vocabulary. Every message is a sentence that a clinician reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path


class Refused(Exception):
    """What kapteam says no to, in a sentence.

    `str(error)` is the sentence; it names what to do and never a client.
    """


class NotAllowed(Refused):
    """The person acting may not do this."""


class NotFound(Refused):
    """There is no such thing, or this person may not see it; the two are not told apart."""


class Conflict(Refused):
    """Somebody else saved first.

    `theirs` and `mine` hold what both wrote, by field, so that the screen can show both.
    """

    def __init__(
        self,
        sentence: str,
        *,
        theirs: Mapping[str, str] | None = None,
        mine: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.theirs = dict(theirs or {})
        self.mine = dict(mine or {})


class Invalid(Refused):
    """What was entered cannot be saved; `fields` maps each field to its sentence."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class Unchanged(Refused):
    """Saved as it was drawn: what was entered is what is kept."""

    def __init__(self) -> None:
        super().__init__("Nothing changed, so nothing was saved.")


class Unusable(Refused):
    """The database cannot be used: read-only, from a newer version, or not a database."""


class Unavailable(Unusable):
    """The database cannot be used for now: it does not answer, its disk is full or read-only.

    It is as it was; once the cause is gone everything goes on, without a restart.
    """


class NotNoted(Unusable):
    """A good backup was made, `file`; how far its signed records reach is not noted beside it."""

    def __init__(self, sentence: str, file: Path) -> None:
        super().__init__(sentence)
        self.file = file


class BadInstruments(Refused):
    """Files of instruments cannot be used; one line for each, with what is wrong with it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
