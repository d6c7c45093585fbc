"""The practice itself: what every write asks of it; changing its name, zone and settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.audit import record
from kapteam.db.in_force import PracticeInForce, practice_in_force
from kapteam.db.tables import Practice, PracticeSetting
from kapteam.errors import NotFound
from kapteam.ids import new_id
from kapteam.instruments import instruments
from kapteam.rules.cadence import CADENCE_SETTINGS, read_cadence
from kapteam.rules.entered import Entered
from kapteam.rules.measures_in_use import is_measure_on, measure_settings, read_switch
from kapteam.rules.permissions import Viewer, check_can_administer
from kapteam.rules.plausibility import DOSE_BOUNDS, read_bound
from kapteam.rules.themes import THEMES, read_theme, stored_themes
from kapteam.rules.thresholds import THRESHOLDS, read_value


@dataclass(frozen=True, slots=True)
class SettingEntered:
    """A new value of one threshold and where it comes from, as typed.

    `key` of `THRESHOLDS`, of `CADENCE_SETTINGS`, of the measures (1 or 0), or of `DOSE_BOUNDS`,
    which are typed in mg (per kg).
    """

    key: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class NameEntered:
    """The practice's new name, as typed."""

    name: str


@dataclass(frozen=True, slots=True)
class ZoneEntered:
    """The practice's new time zone, by its IANA name."""

    zone: str


@dataclass(frozen=True, slots=True)
class ThemeEntered:
    """A theme to add to those that integration notes offer, as typed, or to take out of use."""

    theme: str


def the_practice(db: Session, now: datetime) -> PracticeInForce:
    """The practice as it is at `now`.

    Raises NotFound before set-up.
    """
    practice = practice_in_force(db, now)
    if practice is None:
        raise NotFound("The practice is not set up yet.")
    return practice


def lock_practice(db: Session) -> None:
    """Wait for everyone else who holds this lock, until the transaction ends.

    For what has no parent to lock: the next client code, and creates that could be pressed twice in
    the same moment.
    """
    db.execute(select(Practice.id).with_for_update())


def change_name(db: Session, viewer: Viewer, entered: NameEntered, now: datetime) -> None:
    """Give the practice another name. Raises NotAllowed (administrators only), Invalid (`name`)."""
    practice = _practice(db, viewer)
    form = Entered()
    name = form.line("name", entered.name, "The practice's name", required=True)
    form.done()
    if name == practice.name:
        return
    record(db, "practice:renamed", viewer, now, subject_id=practice.id, name=(practice.name, name))
    practice.name = name


def change_zone(db: Session, viewer: Viewer, entered: ZoneEntered, now: datetime) -> None:
    """Show every time in another zone. What is stored stays: moments, in UTC.

    Raises NotAllowed (administrators only) and Invalid (`zone`).
    """
    practice = _practice(db, viewer)
    form = Entered()
    form.need("zone", entered.zone in available_timezones(), "Choose the practice's time zone.")
    form.done()
    if entered.zone == practice.zone:
        return
    record(
        db,
        "practice:zone_changed",
        viewer,
        now,
        subject_id=practice.id,
        zone=(practice.zone, entered.zone),
    )
    practice.zone = entered.zone


def _practice(db: Session, viewer: Viewer) -> Practice:
    """The practice's row, for an administrator to change."""
    check_can_administer(viewer)
    return db.scalars(select(Practice).with_for_update()).one()


def change_setting(db: Session, viewer: Viewer, entered: SettingEntered, now: datetime) -> None:
    """Put a threshold in force from now on; what was judged before stays as it was.

    Raises NotAllowed (administrators only), NotFound (no such setting), Invalid by field.
    """
    lock_practice(db)
    check_can_administer(viewer)
    known = (THRESHOLDS, DOSE_BOUNDS, CADENCE_SETTINGS, measure_settings(instruments()))
    if not any(entered.key in settings for settings in known):
        raise NotFound("There is no such setting.")
    before = the_practice(db, now)
    form = Entered()
    value = form.read("value", lambda text: _read_setting(before, entered.key, text), entered.value)
    source = form.line("source", entered.source, "The source")
    form.done()
    old = setting_value(before, entered.key)
    if value == old:
        return
    setting_id = put_in_force(db, viewer, entered.key, str(value), source, now)
    record(
        db,
        "setting:changed",
        viewer,
        now,
        subject_id=setting_id,
        key=entered.key,
        value=(old, value),
    )


def add_theme(db: Session, viewer: Viewer, entered: ThemeEntered, now: datetime) -> None:
    """Have integration notes offer one more theme from now on, last of all.

    One that is on the list is no change. Raises NotAllowed (administrators only), Invalid
    (`theme`).
    """
    lock_practice(db)
    check_can_administer(viewer)
    before = the_practice(db, now).themes
    form = Entered()
    theme = form.read("theme", lambda text: read_theme(text, before), entered.theme) or ""
    form.line("theme", theme, "The theme")
    form.done()
    if theme not in before:
        _keep_themes(db, viewer, "practice:theme_added", theme, (*before, theme), now)


def take_out_theme(db: Session, viewer: Viewer, entered: ThemeEntered, now: datetime) -> None:
    """Have integration notes offer a theme no more; what was written with it stays.

    One that is not on the list is no change. Raises NotAllowed (administrators only), Invalid
    (`theme`: none was chosen).
    """
    lock_practice(db)
    check_can_administer(viewer)
    form = Entered()
    form.need("theme", bool(entered.theme), "Choose the theme.")
    form.done()
    before = the_practice(db, now).themes
    after = tuple(one for one in before if one != entered.theme)
    if after != before:
        _keep_themes(db, viewer, "practice:theme_taken_out", entered.theme, after, now)


def _keep_themes(
    db: Session, viewer: Viewer, tag: str, theme: str, after: Iterable[str], now: datetime
) -> None:
    setting_id = put_in_force(db, viewer, THEMES, stored_themes(after), "", now)
    record(db, tag, viewer, now, subject_id=setting_id, theme=theme)


def setting_value(practice: PracticeInForce, key: str) -> int:
    """What is in force of a setting, in its unit; of `DOSE_BOUNDS` in micrograms."""
    if key in DOSE_BOUNDS:
        return practice.dose_bounds.value(key)
    if key in CADENCE_SETTINGS:
        return practice.cadences.value(key)
    if key in measure_settings(instruments()):
        return int(is_measure_on(instruments(), practice.measures, key))
    value: int = getattr(practice.thresholds, key)
    return value


def _read_setting(before: PracticeInForce, key: str, text: str) -> int:
    if key in DOSE_BOUNDS:
        return read_bound(key, text, before.dose_bounds)
    if key in CADENCE_SETTINGS:
        return read_cadence(key, text, before.cadences)
    if key in measure_settings(instruments()):
        return read_switch(text)
    return read_value(key, text, before.thresholds)


def put_in_force(
    db: Session, viewer: Viewer, key: str, value: str, source: str, now: datetime
) -> str:
    """Add a setting from now on, with where it comes from; its row's id. The caller audits it."""
    setting_id = new_id()
    db.add(
        PracticeSetting(
            id=setting_id,
            key=key,
            value=value,
            source=source or "Set by the practice",
            set_by_id=viewer.clinician_id,
            in_force_from=now,
        )
    )
    return setting_id
