"""What is unsafe about this installation, each in a sentence that says what to do."""

import re
import shutil
import stat
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kapteam.db.engine import Database, is_old_sqlite
from kapteam.db.migrate import is_up_to_date
from kapteam.db.practices import PRACTICE, database
from kapteam.db.record_key import key_file, record_key
from kapteam.db.record_links import newest_anchor
from kapteam.errors import Invalid, Unusable
from kapteam.operations.address import address_of
from kapteam.operations.backups import backup_state
from kapteam.operations.results import count_wrong
from kapteam.settings import settings, streamlit_variables

_CONFIG = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"
_HERE = ("127.0.0.1", "localhost")
_ENCRYPTED = {"require", "verify-ca", "verify-full"}
_SAFE: dict[str, tuple[tuple[Any, ...], str]] = {
    "server.address": (_HERE, "other machines reach kapteam without TLS"),
    "server.enableCORS": ((True,), "pages of other sites may read from kapteam"),
    "server.enableXsrfProtection": ((True,), "pages of other sites may send files to kapteam"),
    "server.enableAgentApi": ((False,), "an interface for programs is open beside the pages"),
    "server.enableStaticServing": ((False,), "files are served beside the pages"),
    "server.trustedUserHeaders": (
        ({"X-Kapteam-Sign-In": "sign_in"},),
        "a page cannot tell who is signed in",
    ),
    "client.showErrorDetails": (("none",), "an error shows names and code to whoever looks on"),
    "browser.gatherUsageStats": ((False,), "browsers send usage statistics to another company"),
}
_SYNCHRONIZED = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "nextcloud")
_NOTICE = timedelta(days=30)
_LEAST_FREE = 500 * 1024 * 1024


def findings(now: datetime) -> list[str]:
    """What is unsafe, worst first; empty when nothing is."""
    return [
        *_database(now),
        *_server(),
        *_second_machine(now),
        *_folder(settings().data_dir),
        *_backups(now),
        *_clock(),
        *_disk(settings().data_dir),
    ]


def _database(now: datetime) -> Iterator[str]:
    practice = database(PRACTICE)
    if practice.is_sqlite:
        if is_old_sqlite():
            yield (
                "SQLite is older than 3.51.3 and can damage a database that two connections write "
                "to. Install the packages of requirements.txt, sqlcipher3 among them."
            )
        if not Path(str(practice.url.database)).exists():
            yield "There is no practice in this data folder yet. Start kapteam, and set it up."
            return
    yield from _way(practice)
    try:
        if not is_up_to_date(practice):
            yield "The database is of another version of kapteam. Start kapteam once."
            return
        yield from _record_key(practice)
        yield from _results(practice, now)
    except Unusable as unusable:
        yield str(unusable)


def _way(practice: Database) -> Iterator[str]:
    """Whether what goes to the database can be read on its way."""
    host = practice.url.host or practice.url.query.get("host")
    is_here = practice.is_sqlite or host in (None, *_HERE) or str(host).startswith("/")
    if not is_here and practice.url.query.get("sslmode") not in _ENCRYPTED:
        yield (
            "What goes to PostgreSQL on another machine can be read on the way. Add "
            "?sslmode=verify-full to KAPTEAM_DATABASE_URL."
        )


def _server() -> Iterator[str]:
    config = tomllib.loads(_CONFIG.read_text(encoding="utf-8")) if _CONFIG.exists() else {}
    variables = streamlit_variables()
    for option, (safe, danger) in _SAFE.items():
        section, name = option.split(".")
        words = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
        variable = f"STREAMLIT_{section}_{words}".upper()
        if variable in variables:
            yield f"{variable} is set, and could mean that {danger}. Take it away."
        elif config.get(section, {}).get(name) not in safe:
            yield (
                f"{option} in .streamlit/config.toml is not {_written(safe[0])}: {danger}. Set it."
            )


def _second_machine(now: datetime) -> Iterator[str]:
    try:
        ends = address_of(settings()).certificate_ends
    except Invalid as refused:
        yield str(refused)
        return
    if ends is not None and ends - now < _NOTICE:
        yield (
            f"The certificate ends on {ends:%Y-%m-%d}, and no browser comes in after that. Make a "
            "new one: docs/operations.md, A second machine."
        )
    key = settings().certificate_key
    if key is not None and _is_open(key):
        yield (
            "Other accounts of this machine can read the key of the certificate, and pass for "
            "kapteam by it. Take their rights away: chmod 600 on the file."
        )


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _folder(folder: Path) -> Iterator[str]:
    if not folder.exists():
        return
    # Nobody reaches a file in a folder that only its owner opens.
    if _is_open(folder):
        yield (
            "Other accounts of this machine can open the data folder. Take their rights away: "
            "chmod -R go= on the folder."
        )
    parts = [part.lower() for part in folder.resolve().parts]
    if any(part.startswith(name) for part in parts for name in _SYNCHRONIZED):
        yield (
            "The data folder is in a folder that is synchronized, which damages an open database "
            "and sends it elsewhere. Put another one into KAPTEAM_DATA_DIR."
        )


def _record_key(practice: Database) -> Iterator[str]:
    """Whether signed records can be checked, and nobody else can forge one."""
    key = record_key(practice.url)
    with practice.reading() as db:
        is_needed = newest_anchor(db).position > 0
    if key is None and is_needed:
        yield (
            "The file records.key is missing from the data folder, so nobody can tell whether a "
            "signed record was changed. Put its copy back."
        )
    if key is not None and _is_open(key_file(practice.url)):
        yield (
            "Other accounts of this machine can read records.key, and forge a signed record by it. "
            "Take their rights away: chmod 600 on the file."
        )


def _results(practice: Database, now: datetime) -> Iterator[str]:
    """Whether Outcomes counts what the records say."""
    courses = count_wrong(practice, now)
    if courses:
        of = "one course" if courses == 1 else f"{courses} courses"
        yield (
            f"Outcomes counts something else than the records say, of {of} of care. Start kapteam "
            "again: it counts anew."
        )


def _is_open(path: Path) -> bool:
    """Whether other accounts of this machine have any right to it."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _backups(now: datetime) -> Iterator[str]:
    try:
        state = backup_state(now)
    except Unusable:
        return
    if state.is_late:
        yield (
            "There is no good backup of the last day. Let kapteam run, or make one: "
            "python -m kapteam backup."
        )


def _clock() -> Iterator[str]:
    if settings().clock_file is not None:
        yield "KAPTEAM_CLOCK_FILE is set, which is for tests only: times stand still. Take it away."


def _disk(folder: Path) -> Iterator[str]:
    if folder.exists() and shutil.disk_usage(folder).free < _LEAST_FREE:
        yield "Less than 500 MB are free on the disk of the data folder. Make room."
