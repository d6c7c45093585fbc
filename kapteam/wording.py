"""How doses, times, durations and names are written and read (ISMP and NHS CUI; ux.md 1.5).

A leaf: rules, screens, plain pages and exports all write through here, so that one thing reads the
same everywhere. Clock times are 12-hour, spelling is American, routes are spelled out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from kapteam.vocabulary import ProductRoute, Tone

NBSP = "\u00a0"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
# Each calls itself by the names of those further down as well.
_BROWSERS = {
    r"Edg(e|A|iOS)?/": "Edge",
    r"OPR/": "Opera",
    r"SamsungBrowser/": "Samsung Internet",
    r"Firefox/|FxiOS/": "Firefox",
    r"Chrome/|CriOS/": "Chrome",
    r"Safari/": "Safari",
}
_SYSTEMS = {
    r"iPhone": "iPhone",
    r"iPad": "iPad",
    r"Android": "Android",
    r"CrOS": "Chromebook",
    r"Windows": "Windows",
    r"Macintosh": "Mac",
    r"Linux": "Linux",
}
_YEAR_WHEN_AWAY = timedelta(days=300)
# Domain 1.3: no route is given more in one dose; above it is a slipped decimal.
MOST_MG = 1_000
# Domain 1.3: published practice goes to 7 mg per kg, by mouth.
MOST_MG_PER_KG = 7
# Nobody has taken a medicine for longer, so a slip of the finger.
MOST_WEEKS = 3_000
# Somebody may take every lozenge at home; what is more than ten grams is a slip.
MOST_GIVEN_MG = 10_000
MOST_MINUTES = 240
GRAMS_IN_A_POUND = 453.59237
_COUNTED = {
    "unit": "units",
    "tablet": "tablets",
    "capsule": "capsules",
    "drop": "drops",
    "puff": "puffs",
    "spray": "sprays",
    "patch": "patches",
}
_MICRO = ("mcg", "ug", "\N{MICRO SIGN}g", "\N{GREEK SMALL LETTER MU}g", "micrograms", "microgram")
_UNITS = {
    "mg": "mg",
    "g": "g",
    **dict.fromkeys(_MICRO, "mcg"),
    **dict.fromkeys(("ml", "milliliter", "milliliters"), "mL"),
    **dict.fromkeys(("l per min", "l/min"), "L per min"),
    **{word: one for one, more in _COUNTED.items() for word in (one, more)},
}
"""How a unit may be typed, in lower case, and how it is written."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words with their tone and icon (a Material symbol's name); never colour alone."""

    text: str
    tone: Tone = Tone.PLAIN
    icon: str = ""


def mg(ug: int) -> str:
    """`ug` micrograms as milligrams: `70 mg`, `0.5 mg`, `1,000 mg`; never `70.0 mg` or `.5 mg`."""
    return f"{Decimal(ug) / 1000:,f}{NBSP}mg"


def mg_per_kg(ug_per_kg: int) -> str:
    """`0.93 mg per kg`, at most two decimals: what a dose is for the weight (rule 31)."""
    rounded = (Decimal(ug_per_kg) / 1000).quantize(Decimal("0.01")).normalize()
    return f"{rounded:f}{NBSP}mg{NBSP}per{NBSP}kg"


def kg(grams: int) -> str:
    """`82.6 kg`, at most one decimal."""
    return f"{(Decimal(grams) / 1000).quantize(Decimal('0.1')).normalize():f}{NBSP}kg"


def weight(grams: int) -> str:
    """Both units, kg first: `82.6 kg (182 lb)`."""
    return f"{kg(grams)} ({round(grams / GRAMS_IN_A_POUND)}{NBSP}lb)"


def read_weight(text: str) -> int:
    """Whole grams from a weight as typed with its unit: `82.5 kg`, `182 lb`.

    Raises ValueError with a sentence, also where the unit is missing: pounds taken for kg would
    double a dose.
    """
    cleaned = text.replace(NBSP, " ").replace(",", ".").strip().lower()
    if not cleaned:
        raise ValueError("Enter the weight.")
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)\s*(kg|lbs?|pounds?)?\.?", cleaned, re.ASCII)
    if found is None:
        raise ValueError("Enter the weight with its unit, for example 82.5 kg or 182 lb.")
    number, unit = found.groups()
    if unit is None:
        raise ValueError("Say whether it is kg or lb, for example 82.5 kg or 182 lb.")
    return round(float(number) * (1000 if unit == "kg" else GRAMS_IN_A_POUND))


def dose(ug: int, product_route: ProductRoute) -> str:
    """Dose, unit and route together: `70 mg intramuscular`."""
    return f"{mg(ug)} {product_route.label}"


def read_mg(text: str, most_mg: int = MOST_MG) -> int:
    """Whole micrograms from milligrams as typed (`70`, `0.5`, `70 mg`, `1,000`).

    Raises ValueError with a sentence for anything that is not a dose (rule 36).
    """
    cleaned = text.replace(NBSP, " ").strip().lower().removesuffix("mg").strip()
    if not cleaned:
        raise ValueError("Enter the dose in mg.")
    if not re.fullmatch(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?", cleaned, re.ASCII):
        raise ValueError("Enter the dose as a number of mg, for example 70 or 0.5.")
    try:
        micrograms = Decimal(cleaned.replace(",", "")) * 1000
    except InvalidOperation as error:
        raise ValueError("Enter the dose as a number of mg, for example 70 or 0.5.") from error
    if micrograms <= 0:
        raise ValueError("A dose is more than 0 mg.")
    if micrograms != micrograms.to_integral_value():
        raise ValueError("A dose has at most three decimals.")
    if micrograms > most_mg * 1000:
        raise ValueError("This is more mg than anybody is given. Check the number.")
    return int(micrograms)


def read_ceiling(text: str) -> tuple[int | None, int | None]:
    """A ceiling as typed: `130`, `130 mg`, `1.5 mg/kg`; whole micrograms, or those per kg.

    Raises ValueError with a sentence, as `read_mg` does.
    """
    cleaned = text.replace(NBSP, " ").strip().lower()
    by_weight = re.fullmatch(r"(.*?)\s*(?:/|per)\s*kg\.?", cleaned)
    if by_weight is None:
        return read_mg(text), None
    ug_per_kg = read_mg(by_weight[1])
    if ug_per_kg % 10:
        raise ValueError("mg per kg has at most two decimals.")
    if ug_per_kg > MOST_MG_PER_KG * 1000:
        raise ValueError("This is more mg per kg than anybody is given. Check the number.")
    return None, ug_per_kg


def read_weeks(text: str) -> int | None:
    """Whole weeks as typed, `8` or `8 weeks`; None for nothing, which is not 0.

    Raises ValueError with a sentence.
    """
    cleaned = text.replace(NBSP, " ").strip().lower()
    if not cleaned:
        return None
    found = re.fullmatch(r"(\d{1,6})\s*(?:w|wks?|weeks?)?\.?", cleaned, re.ASCII)
    if found is None or int(found[1]) > MOST_WEEKS:
        raise ValueError(f"Enter whole weeks, 0 to {MOST_WEEKS:,}, or leave it empty.")
    return int(found[1])


def read_blood_pressure(text: str) -> tuple[int, int]:
    """Systolic and diastolic mmHg as typed: `128/82`, `128 over 82`.

    Raises ValueError with a sentence.
    """
    cleaned = text.replace(NBSP, " ").strip().lower().removesuffix("mmhg").strip()
    found = re.fullmatch(r"(\d{2,3})\s*(?:/|over)\s*(\d{2,3})", cleaned, re.ASCII)
    if found is None:
        raise ValueError("Enter the blood pressure as two numbers, for example 128/82.")
    return int(found[1]), int(found[2])


def blood_pressure(systolic: int, diastolic: int) -> str:
    """`128/82`."""
    return f"{systolic}/{diastolic}"


def read_minutes(text: str) -> int:
    """Whole minutes as typed: `10`, `10 min`. Raises ValueError with a sentence."""
    cleaned = text.replace(NBSP, " ").strip().lower().removesuffix("min").strip()
    if not re.fullmatch(r"\d{1,3}", cleaned, re.ASCII) or not 1 <= int(cleaned) <= MOST_MINUTES:
        raise ValueError(f"Enter whole minutes from 1 to {MOST_MINUTES}.")
    return int(cleaned)


def minutes_after(first: int | None, last: int | None) -> str:
    """From and to so many minutes after something: `after 10 to 20 min`; empty for any time."""
    if first is not None and last is not None and first != last:
        return f"after {first} to {last}{NBSP}min"
    if first is not None:
        return f"after {first}{NBSP}min"
    return f"within {last}{NBSP}min" if last is not None else ""


def read_dose_of_other(text: str) -> str:
    """The dose of a medicine other than ketamine, as it is written: `4 mg`, `0.1 mg`, `2 tablets`.

    From a number and its unit as typed (`4mg`, `.10 mg`, `100 µg`). The units are those that ISMP
    lets stand. Raises ValueError with a sentence.
    """
    cleaned = " ".join(text.replace(NBSP, " ").split()).rstrip(".")
    if not cleaned:
        raise ValueError("Enter the dose with its unit, for example 4 mg.")
    found = re.fullmatch(
        r"([+-]?)(\d{1,3}(?:,\d{3})+|\d{0,9})(\.\d{1,6})? ?(\D+)", cleaned, re.ASCII
    )
    unit = _UNITS.get(found[4].strip().lower().removesuffix("(s)")) if found else None
    if found is None or unit is None or not (found[2] or found[3]):
        raise ValueError(
            "Enter a number and its unit: mg, mcg, g, mL, L per min, units, tablets, capsules, "
            "drops, puffs, sprays or patches."
        )
    number = Decimal(f"{found[2].replace(',', '') or 0}{found[3] or ''}")
    if found[1] == "-" or not number:
        raise ValueError("A dose is more than 0.")
    many = unit if number == 1 or unit not in _COUNTED else _COUNTED[unit]
    return f"{number.normalize():,f}{NBSP}{many}"


def read_mg_given(text: str) -> int:
    """`read_mg` of what was given or taken, which may be more than anybody orders."""
    return read_mg(text, MOST_GIVEN_MG)


def clock_time(moment: time) -> str:
    """`2:30 pm`."""
    hour = moment.hour % 12 or 12
    return f"{hour}:{moment.minute:02d}{NBSP}{'am' if moment.hour < 12 else 'pm'}"


def read_time(text: str) -> time:
    """A time of day as typed: `2:30 pm`, `230p`, `14:30`, `9 am`.

    Raises ValueError with a sentence; a bare `2:30` is refused, because it could be night or day.
    """
    cleaned = re.sub(r"[\s.]", "", text.replace(NBSP, " ").lower())
    if not cleaned:
        raise ValueError("Enter the time, for example 2:30 pm.")
    found = re.fullmatch(r"(\d{1,2}):?(\d{2})?(am?|pm?)?", cleaned, re.ASCII)
    if not found:
        raise ValueError("Enter the time like 2:30 pm.")
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half:
        if not 1 <= hour <= 12 or minute > 59:
            raise ValueError("There is no such time. Enter it like 2:30 pm.")
        return time(hour % 12 + (12 if half.startswith("p") else 0), minute)
    if hour > 23 or minute > 59:
        raise ValueError("There is no such time. Enter it like 2:30 pm.")
    if found[2] is None or (1 <= hour <= 11 and not cleaned.startswith("0")):
        raise ValueError("Say am or pm, for example 2:30 pm.")
    return time(hour, minute)


def day(on: date, today: date) -> str:
    """`Tue Nov 24`, with the year when it is more than 300 days from today."""
    text = f"{_DAYS[on.weekday()]} {_MONTHS[on.month - 1]} {on.day}"
    return f"{text}, {on.year}" if abs(on - today) > _YEAR_WHEN_AWAY else text


def full_day(on: date) -> str:
    """`Tue Nov 24, 2026`: for history and for the echo under a date field."""
    return f"{_DAYS[on.weekday()]} {_MONTHS[on.month - 1]} {on.day}, {on.year}"


def heading_day(on: date) -> str:
    """`Tuesday, November 24`: for titles, read well by a screen reader."""
    return f"{_LONG_DAYS[on.weekday()]}, {_LONG_MONTHS[on.month - 1]} {on.day}"


def span(from_on: date, until_on: date, today: date) -> str:
    """`Mon Dec 21 to Sun Jan 3`, of a single day `Mon Dec 21`; the last day is included."""
    if from_on == until_on:
        return day(from_on, today)
    return f"{day(from_on, today)} to {day(until_on, today)}"


def days(from_at: datetime, until_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`span` of the practice's days that begin at one midnight and end at another."""
    today = now.astimezone(zone).date()
    return span(from_at.astimezone(zone).date(), last_day(until_at, zone), today)


def last_day(until_at: datetime, zone: ZoneInfo) -> date:
    """The practice's day that ends at, or holds, this instant."""
    return (until_at - timedelta(microseconds=1)).astimezone(zone).date()


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`Tue Nov 24, 2:30 pm` in the practice's zone."""
    local = at.astimezone(zone)
    return f"{day(local.date(), now.astimezone(zone).date())}, {clock_time(local.time())}"


def moment_today(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`2:30 pm` of today, `Tue Nov 24, 2:30 pm` of any other day."""
    is_today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return clock_time(at.astimezone(zone).time()) if is_today else moment(at, now, zone)


def full_moment(at: datetime, zone: ZoneInfo) -> str:
    """`Tue Nov 24, 2026, 2:30 pm MST`: for what is kept, with the zone's name (rule 70)."""
    return f"{full_day(at.astimezone(zone).date())}, {zoned_time(at, zone)}"


def zoned_time(at: datetime, zone: ZoneInfo) -> str:
    """`2:30 pm MST`: the time of day with the zone's name (rule 70)."""
    local = at.astimezone(zone)
    return f"{clock_time(local.time())} {local.tzname()}"


def exact_time(at: datetime, zone: ZoneInfo) -> str:
    """`2:03:22 pm`: when something was saved."""
    local = at.astimezone(zone)
    return f"{local.hour % 12 or 12}:{local:%M:%S}{NBSP}{'am' if local.hour < 12 else 'pm'}"


def saved(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """When something was saved: `2:03:22 pm`, with the day when that was not today."""
    on, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    return exact_time(at, zone) if on == today else f"{day(on, today)}, {exact_time(at, zone)}"


def duration(length: timedelta) -> str:
    """Whole units, the two largest: `4 hr 30 min`, `2 d 23 hr`, `30 min`; never a decimal."""
    minutes = int(abs(length).total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        parts = [(days, "d"), (hours, "hr")]
    elif hours:
        parts = [(hours, "hr"), (minutes, "min")]
    else:
        return f"{minutes}{NBSP}min"
    return " ".join(f"{amount}{NBSP}{unit}" for amount, unit in parts if amount)


def hours(length: timedelta) -> str:
    """Whole hours up to three days, then days and hours: `47 hr`, `3 d 4 hr`."""
    if timedelta(hours=1) <= abs(length) <= timedelta(hours=72):
        return f"{int(abs(length).total_seconds() // 3600)}{NBSP}hr"
    return duration(length)


def relative(at: datetime, now: datetime) -> str:
    """`in 30 min`, `2 hr ago`, `now`."""
    if abs(at - now) < timedelta(minutes=1):
        return "now"
    return f"in {duration(at - now)}" if at > now else f"{duration(now - at)} ago"


def age(born_on: date, today: date) -> int:
    """Whole years."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def born(born_on: date | None, today: date) -> str:
    """`Mar 9, 1987 (39 y)`, or the word for not knowing it."""
    if born_on is None:
        return "birth date not recorded"
    written = f"{_MONTHS[born_on.month - 1]} {born_on.day}, {born_on.year}"
    return f"{written} ({age(born_on, today)}{NBSP}y)"


def full_name(family: str, given: str, preferred: str = "") -> str:
    """`Okafor, Amara “Ama”`, exactly as typed."""
    name = f"{family}, {given}" if given else family
    return f"{name} “{preferred}”" if preferred and preferred != given else name


def initials(family: str, given: str) -> str:
    """`A.O.`: for screens that others can see, always beside the code."""
    return "".join(f"{part[0].upper()}." for part in (given, family) if part)


def browser(user_agent: str) -> str:
    """`Firefox on Mac`: what a browser says of itself, in words of ours only."""
    name, system = (
        next((word for sign, word in known.items() if re.search(sign, user_agent)), "")
        for known in (_BROWSERS, _SYSTEMS)
    )
    return f"{name or 'A browser'} on {system}" if system else name or "A browser"


def first_up(text: str) -> str:
    """The words with a capital letter at their start: where they stand alone."""
    return text[:1].upper() + text[1:]


def first_down(text: str) -> str:
    """The words with a small letter at their start: where they go on a sentence."""
    return text[:1].lower() + text[1:]


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 client`, `2 clients`, `No client`."""
    if number == 0:
        return f"No {noun}"
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    is_teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if is_teen else ends.get(number % 10, 'th')}"


def in_series(number: int | None, of: int | None) -> str:
    """Which one of its series, after the word dose: `3 of 6`, or that nobody ordered how many."""
    if of is None:
        return f"{number}, number of sessions not ordered yet"
    if number is not None and number > of:
        return f"{number}, beyond the {of} ordered"
    return f"{number} of {of}"


def at_local(on: date, moment_of_day: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a time of day on a date of the practice.

    Raises ValueError with a sentence when the clocks skip that time (rule 70).
    """
    local = datetime.combine(on, moment_of_day, tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError("That time does not exist on that day: the clocks go forward.")
    return local.astimezone(UTC)
