"""The key that ties signed records together: one file of the data folder, outside the database.

The demo has one of its own: opening it must not look as if the practice had begun its list.
"""

import os
import secrets
from pathlib import Path
from threading import Lock

from sqlalchemy.engine import URL

from kapteam.errors import Unavailable, Unusable
from kapteam.settings import settings

_BYTES = 32
_making = Lock()


def key_file(database: URL) -> Path:
    """Where the key of the database at this address lies."""
    is_demo = database.get_backend_name() == "sqlite" and _is_demo(Path(str(database.database)))
    return settings().data_dir / ("demo-records.key" if is_demo else "records.key")


def record_key(database: URL) -> bytes | None:
    """The key; None while none was made, or where its file is gone.

    Raises Unusable when the file cannot be read, or holds something else.
    """
    try:
        key = bytes.fromhex(key_file(database).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged() from error
    if len(key) != _BYTES:
        raise _damaged()
    return key


def needed_key(database: URL) -> bytes:
    """The key, made now where there is none: once, for this account alone to read.

    Raises Unavailable when it cannot be written, Unusable as `record_key` does.
    """
    with _making:
        found = record_key(database)
        return _make(key_file(database)) if found is None else found


def _is_demo(file: Path) -> bool:
    # It is built beside its place, under another suffix.
    return file.with_suffix("") == settings().demo_path.with_suffix("")


def _make(file: Path) -> bytes:
    key = secrets.token_bytes(_BYTES)
    unfinished = file.with_suffix(".unfinished")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as writing:
            writing.write(key.hex())
            writing.flush()
            os.fsync(writing.fileno())
        unfinished.rename(file)
    except OSError as error:
        raise Unavailable(
            "The key of the signed records cannot be written, so nothing was saved. Check the "
            "rights of the data folder and its disk."
        ) from error
    return key


def _damaged() -> Unusable:
    return Unusable(
        "The file records.key in the data folder cannot be read, or is damaged. Put its copy back; "
        "until then nothing can be signed or checked."
    )
