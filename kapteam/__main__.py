"""The command line, for whoever sits at the machine: `python -m kapteam COMMAND`."""

import argparse
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kapteam import clock, sentences, wording
from kapteam.accounts.set_up import invitation_of, make_link_here
from kapteam.actions.practice import the_practice
from kapteam.db.anchors import noted_anchors
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.migrate import is_up_to_date
from kapteam.db.practices import PRACTICE, database
from kapteam.errors import NotAllowed, Refused, Unusable
from kapteam.instruments import SHIPPED, read_instruments
from kapteam.operations import doctor as examination
from kapteam.operations import moving, restoring
from kapteam.operations.address import address_of
from kapteam.operations.alone import alone
from kapteam.operations.backups import back_up_now
from kapteam.operations.checking import check_records
from kapteam.rules.record_links import NotedAnchor, read_anchor
from kapteam.settings import settings

_APP = Path(__file__).resolve().parent.parent / "app.py"
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what it refuses is said in a sentence, and the exit code is 1."""
    asked = _parser().parse_args(arguments)
    try:
        print(asked.command(asked))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What was there is as it was.", file=sys.stderr)
        return _INTERRUPTED
    return 0


def serve(asked: argparse.Namespace) -> str:
    """Serve kapteam, by Streamlit, until Ctrl+C."""
    address = address_of(settings())
    print(f"kapteam is at {address.origin(asked.port)} (Ctrl+C stops it)", flush=True)
    sys.argv = ["streamlit", "run", str(_APP), *address.flags(asked.port)]
    runpy.run_module("streamlit", run_name="__main__")
    return "kapteam has stopped."


def reset_password(asked: argparse.Namespace) -> str:
    """A one-time link with which somebody chooses a new password, and what to do with it."""
    practice, now, address = database(PRACTICE), clock.now(), address_of(settings())
    _check_is_set_up(practice)
    with practice.writing() as db:
        token = make_link_here(db, asked.name, now)
        name = invitation_of(db, token, now).name
    return (
        f"Open this link in a browser on this machine while kapteam runs. It lets {name} choose a "
        "new password, once, within the next hour:\n"
        f"{address.origin(asked.port)}/session/invite/{token}"
    )


def backup(asked: argparse.Namespace) -> str:
    """Make a backup now; kapteam may run meanwhile."""
    _check_is_set_up(database(PRACTICE))
    return f"Good backup: {back_up_now(None, clock.now(), _told)}"


def restore(asked: argparse.Namespace) -> str:
    """Put a backup in the place of the practice, once that was confirmed."""
    with alone():
        found = restoring.find_backup(asked.backup)
        made = wording.full_moment(found.made_at, restoring.zone_of(found))
        _confirm(asked, f"Everything entered after {made} will be gone from the pages.")
        of_key = restoring.said_of_key(found)
        kept = restoring.restore(found, clock.now(), _told)
    said = [f"Restored as of {made}. Everybody signs in again."]
    if kept:
        said.append(f"What was there before is kept: {kept}")
    return "\n".join([*said, of_key] if of_key else said)


def move(asked: argparse.Namespace) -> str:
    """Copy the practice into an empty database, and say how to go on with that one."""
    with alone():
        _check_is_set_up(database(PRACTICE))
        target = moving.database_at(asked.url)
        try:
            copied = moving.move(database(PRACTICE), target, _told)
        finally:
            target.close()
    return (
        f"{sum(copied.values()):,} rows of {len(copied)} tables are there, counted on both sides. "
        "The old database is as it was.\n"
        "Set KAPTEAM_DATABASE_URL to the new address, then start kapteam."
    )


def verify(asked: argparse.Namespace) -> str:
    """Check every signed record; what was changed outside kapteam is refused in a sentence."""
    practice, now = database(PRACTICE), clock.now()
    _check_is_set_up(practice)
    typed = [NotedAnchor(read_anchor(one), None) for one in asked.anchor]
    noted = noted_anchors(settings().backup_dir)
    checked = check_records(practice, [*noted, *typed], _told)
    with practice.reading() as db:
        zone = the_practice(db, now).zone
    if checked.found is not None:
        raise Unusable(sentences.changed_outside(checked.found, zone))
    return (
        f"{wording.count(checked.lines, 'entry', 'entries')} of signed records checked, nothing "
        "was changed outside kapteam."
    )


def doctor(asked: argparse.Namespace) -> str:
    """Say what is unsafe about this installation; an exit code of 1 when anything is."""
    found = examination.findings(clock.now())
    if found:
        raise NotAllowed("\n".join(f"- {one}" for one in found))
    return "Nothing unsafe was found."


def check_instruments(asked: argparse.Namespace) -> str:
    """One line for each instrument of a folder; what is wrong with its files is refused."""
    return "\n".join(
        f"{one.id}: {one.name}, {one.form}, {one.minimum} to {one.maximum}, "
        f"{'on' if one.is_on else 'off until a practice switches it on'}"
        for one in read_instruments(Path(asked.folder)).values()
    )


def _told(what: str, done: int, of: int) -> None:
    """One line that counts up, on the screen only."""
    if sys.stderr.isatty():
        end = "\n" if done == of else ""
        print(f"\r{what.replace('_', ' ')}: {done:,} of {of:,}", end=end, file=sys.stderr)


def _confirm(asked: argparse.Namespace, danger: str) -> None:
    if asked.yes:
        return
    print(danger)
    try:
        answer = input("Go on? Type yes: ")
    except EOFError:
        answer = ""
    if answer.strip().lower() != "yes":
        raise NotAllowed("Nothing was changed.")


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

    def command(
        name: str, run: Callable[[argparse.Namespace], str], says: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=says, description=says)
        made.set_defaults(command=run)
        return made

    run = command("serve", serve, "serve kapteam until Ctrl+C; this is what make run does")
    reset = command(
        "reset-password", reset_password, "a one-time link for somebody who forgot the password"
    )
    reset.add_argument("name", help="the sign-in name")
    for one in (run, reset):
        one.add_argument("--port", type=int, default=8501, help="where kapteam listens (8501)")
    command("backup", backup, "make a backup now; kapteam may run meanwhile")
    again = command("restore", restore, "put a backup in the practice's place; stop kapteam first")
    again.add_argument("backup", help="the name of a backup in the data folder, or: last")
    again.add_argument("--yes", action="store_true", help="do not ask whether to go on")
    away = command("move", move, "copy the practice into an empty database; stop kapteam first")
    away.add_argument("url", help="postgresql://user:password@host/name")
    check = command("verify", verify, "whether a signed record was changed outside kapteam")
    check.add_argument(
        "--anchor",
        action="append",
        default=[],
        help="what is printed at the foot of a record: is that state still part of what there is",
    )
    command("doctor", doctor, "what is unsafe about this installation")
    files = command(
        "check-instruments", check_instruments, "whether the files of the measures can be used"
    )
    files.add_argument("folder", nargs="?", default=str(SHIPPED), help="their folder (kapteam's)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
