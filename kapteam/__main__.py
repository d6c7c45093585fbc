"""The command line, for whoever sits at the machine: `python -m kapteam reset-password NAME`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kapteam import clock
from kapteam.accounts.set_up import invitation_of, make_link_here
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.migrate import is_up_to_date
from kapteam.db.practices import PRACTICE, database
from kapteam.errors import Refused, Unusable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what it refuses is said in a sentence, and the exit code is 1."""
    asked = _parser().parse_args(arguments)
    try:
        print(reset_password(asked.name, asked.port))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def reset_password(sign_in_name: str, port: int) -> str:
    """A one-time link with which somebody chooses a new password, and what to do with it."""
    practice, now = database(PRACTICE), clock.now()
    _check_is_set_up(practice)
    with practice.writing() as db:
        token = make_link_here(db, sign_in_name, now)
        name = invitation_of(db, token, now).name
    return (
        f"Open this link in a browser on this machine while kapteam runs. It lets {name} choose a "
        "new password, once, within the next hour:\n"
        f"http://127.0.0.1:{port}/session/invite/{token}"
    )


def _check_is_set_up(practice: Database) -> None:
    """Raises Unusable when there is no practice at this version; a file is never made here."""
    file = practice.url.database if practice.is_sqlite else None
    if file is not None and not Path(file).exists():
        raise Unusable("There is no practice in this data folder yet. Start kapteam first.")
    if not is_up_to_date(practice):
        raise Unusable("The database is of another version of kapteam. Start kapteam first.")
    with practice.reading() as db:
        if practice_in_force(db, clock.now()) is None:
            raise Unusable("The practice is not set up yet. Start kapteam, and set it up.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kapteam", description="kapteam's commands.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    reset = commands.add_parser(
        "reset-password", help="a one-time link for somebody who forgot the password"
    )
    reset.add_argument("name", help="the sign-in name")
    reset.add_argument("--port", type=int, default=8501, help="where kapteam listens (8501)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
