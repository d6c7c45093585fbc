"""What the environment says; the only reader of it."""

import os
from functools import cache
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """One field for each KAPTEAM_… variable.

    `database_url` is the practice's own database (SQLAlchemy URL); without one it is the SQLite
    file `practice.db` in `data_dir`. What follows from `public_url`, and how `certificate` and
    `certificate_key` go with it, is in `operations/address.py`. `clock_file` is for tests: it holds
    the instant that `clock.now()` answers.
    """

    model_config = SettingsConfigDict(env_prefix="KAPTEAM_", env_ignore_empty=True, extra="ignore")

    data_dir: Path = _ROOT / "data" / "local"
    database_url: str | None = None
    public_url: str | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    clock_file: Path | None = None

    @property
    def practice_url(self) -> str:
        """SQLAlchemy URL of the practice's database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'practice.db'}"

    @property
    def demo_path(self) -> Path:
        """File of the demo practice."""
        return self.data_dir / "demo.db"

    @property
    def backup_dir(self) -> Path:
        """Folder of the dated backups."""
        return self.data_dir / "backups"


def streamlit_variables() -> frozenset[str]:
    """The variables in the environment that change Streamlit's own settings."""
    names = os.environ  # noqa: TID251 - this is the only reader of the environment
    return frozenset(name for name in names if name.startswith("STREAMLIT_"))


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
