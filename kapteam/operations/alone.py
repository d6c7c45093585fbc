"""One process serves a practice, and nothing else changes its files meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from kapteam.errors import Unavailable
from kapteam.settings import settings


@contextmanager
def alone() -> Iterator[None]:
    """Have the data folder to oneself; the lock goes with the process, however it ends.

    Raises Unavailable when another process has it, or it cannot be written.
    """
    folder = settings().data_dir
    lock = FileLock(folder / "kapteam.lock", timeout=0, mode=0o600)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise Unavailable(
            "Another kapteam is running on this data folder. Stop it (Ctrl+C), then try again."
        ) from None
    except OSError as error:
        raise Unavailable(
            "The data folder can only be read, so nothing can be saved. Check its rights and its "
            "disk."
        ) from error
    try:
        yield
    finally:
        lock.release()
