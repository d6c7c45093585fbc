"""Which databases there are: the practice's own, and the demo's."""

from functools import cache

from kapteam.db.engine import Database
from kapteam.settings import settings

PRACTICE = "practice"
DEMO = "demo"


@cache
def database(name: str) -> Database:
    """The database named `practice` or `demo`.

    Raises KeyError for any other name.
    """
    urls = {PRACTICE: settings().practice_url, DEMO: f"sqlite:///{settings().demo_path}"}
    return Database(urls[name])
