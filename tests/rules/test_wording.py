"""How doses, times, durations and names are written, and read back as typed."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam import wording
from kapteam.clock import day_of
from kapteam.vocabulary import ProductRoute
from kapteam.wording import NBSP

PHOENIX = ZoneInfo("America/Phoenix")
DENVER = ZoneInfo("America/Denver")
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
spans = st.timedeltas(timedelta(0), timedelta(days=400))


def _plain(text: str) -> str:
    return text.replace(NBSP, " ")


# --- doses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ug", "written"),
    [
        (70_000, "70 mg"),
        (500, "0.5 mg"),
        (62_500, "62.5 mg"),
        (1_000_000, "1,000 mg"),
        (100_000, "100 mg"),
        (1, "0.001 mg"),
    ],
)
def test_a_dose_is_written_without_trailing_zeros_or_a_naked_point(ug, written):
    assert _plain(wording.mg(ug)) == written


@given(st.integers(1, wording.MOST_MG * 1000))
def test_every_dose_reads_back_as_written(ug):
    assert wording.read_mg(wording.mg(ug)) == ug


@given(st.integers(1, 10**12))
def test_no_dose_is_written_dangerously(ug):
    """ISMP: no trailing zero, no naked point, a space before the unit."""
    written = _plain(wording.mg(ug))
    assert not re.search(r"\.\d*0 mg", written)
    assert not re.search(r"(^|\s)\.\d", written)
    assert not re.search(r"\dmg", written)


@pytest.mark.parametrize(
    ("typed", "ceiling"),
    [
        ("130", (130_000, None)),
        ("130 mg", (130_000, None)),
        ("0.5", (500, None)),
        ("1.5 mg/kg", (None, 1_500)),
        ("1.5 MG per KG", (None, 1_500)),
        (f"0.75{NBSP}mg{NBSP}per{NBSP}kg", (None, 750)),
        ("1.5/kg", (None, 1_500)),
        ("7 mg/kg", (None, 7_000)),
    ],
)
def test_a_ceiling_is_read_in_mg_or_in_mg_per_kg(typed, ceiling):
    assert wording.read_ceiling(typed) == ceiling


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter the dose"),
        ("mg/kg", "Enter the dose"),
        ("0 mg/kg", "more than 0"),
        ("-1 mg/kg", "more than 0"),
        ("1.555 mg/kg", "two decimals"),
        ("7.01 mg/kg", "more mg per kg than anybody"),
        ("130 mg/kg", "more mg per kg than anybody"),
        ("1.5 mg/lb", "number of mg"),
        ("1.5 kg", "number of mg"),
        ("1.5 mg/kg/h", "number of mg"),
    ],
)
def test_rule_36_what_is_no_ceiling_is_refused_in_a_sentence(typed, says):
    with pytest.raises(ValueError, match=says):
        wording.read_ceiling(typed)


@given(st.integers(1, wording.MOST_MG_PER_KG * 100))
def test_every_ceiling_by_weight_reads_back_as_written(hundredths):
    assert wording.read_ceiling(wording.mg_per_kg(hundredths * 10)) == (None, hundredths * 10)


@pytest.mark.parametrize(
    ("typed", "weeks"),
    [("", None), ("  ", None), ("0", 0), ("8", 8), ("8 weeks", 8), ("1 wk", 1), ("3000", 3000)],
)
def test_no_weeks_are_not_none(typed, weeks):
    assert wording.read_weeks(typed) == weeks


@pytest.mark.parametrize("typed", ["-1", "6.5", "3001", "two", "8 months", "٨", "9999999"])
def test_what_are_no_weeks_is_refused_in_a_sentence(typed):
    with pytest.raises(ValueError, match="whole weeks"):
        wording.read_weeks(typed)


def test_route_is_spelled_out_beside_the_dose():
    assert _plain(wording.dose(70_000, ProductRoute.INTRAMUSCULAR)) == "70 mg intramuscular"


@pytest.mark.parametrize(
    ("typed", "ug"),
    [
        ("70", 70_000),
        ("70 mg", 70_000),
        ("70MG", 70_000),
        (f"70{NBSP}mg", 70_000),
        (" 0.5 ", 500),
        (".5", 500),
        ("1,000", 1_000_000),
        ("70.0", 70_000),
        ("+70", 70_000),
    ],
)
def test_a_dose_is_read_as_typed(typed, ug):
    assert wording.read_mg(typed) == ug


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter the dose"),
        ("  mg ", "Enter the dose"),
        ("seventy", "number of mg"),
        ("70 mcg", "number of mg"),
        ("7 0", "number of mg"),
        ("1,00", "number of mg"),
        ("1e3", "number of mg"),
        ("NaN", "number of mg"),
        ("inf", "number of mg"),
        ("٧٠", "number of mg"),
        ("+", "number of mg"),
        (".", "number of mg"),
        ("70/80", "number of mg"),
        ("0", "more than 0"),
        ("0.0", "more than 0"),
        ("-5", "more than 0"),
        ("0.0005", "three decimals"),
        ("1,000.001", "more mg than anybody"),
        ("6000", "more mg than anybody"),
        ("99999999999999999999", "more mg than anybody"),
    ],
)
def test_rule_36_what_is_no_dose_is_refused_in_a_sentence(typed, says):
    with pytest.raises(ValueError, match=says):
        wording.read_mg(typed)


@given(st.text())
def test_rule_36_any_text_is_a_dose_above_zero_or_a_sentence(typed):
    try:
        ug = wording.read_mg(typed)
    except ValueError as error:
        said = str(error)
    else:
        said = wording.mg(ug)
        assert 0 < ug <= wording.MOST_MG * 1000
    assert re.fullmatch(r"[A-Z].+\.|[\d.,]+ mg", _plain(said))


# --- times of day ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2:30 pm", time(14, 30)),
        ("2:30PM", time(14, 30)),
        ("2.30 p.m.", time(14, 30)),
        ("230p", time(14, 30)),
        ("14:30", time(14, 30)),
        ("1430", time(14, 30)),
        ("9 am", time(9)),
        ("09:05", time(9, 5)),
        ("0:15", time(0, 15)),
        ("12 am", time(0)),
        ("12:00 am", time(0)),
        ("12 pm", time(12)),
        ("12:30", time(12, 30)),
        (f"2:30{NBSP}pm", time(14, 30)),
    ],
)
def test_a_time_is_read_as_typed(typed, read):
    assert wording.read_time(typed) == read


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter the time"),
        ("noonish", "like 2:30 pm"),
        ("2:30", "am or pm"),
        ("9", "am or pm"),
        ("14", "am or pm"),
        ("930", "am or pm"),
        ("25:00", "no such time"),
        ("24:00", "no such time"),
        ("2:60 pm", "no such time"),
        ("14:30 pm", "no such time"),
        ("0 am", "no such time"),
        ("-2:30 pm", "like 2:30 pm"),
        ("٢:٣٠ pm", "like 2:30 pm"),
    ],
)
def test_what_is_no_time_or_could_be_night_or_day_is_refused(typed, says):
    with pytest.raises(ValueError, match=says):
        wording.read_time(typed)


@given(st.times())
def test_every_time_reads_back_as_written(moment):
    minute = moment.replace(second=0, microsecond=0)
    assert wording.read_time(wording.clock_time(minute)) == minute


# --- days and instants ----------------------------------------------------------------------------


def test_a_day_has_its_weekday_and_a_year_only_when_far_away():
    assert wording.day(TODAY, TODAY) == "Tue Nov 24"
    assert wording.day(date(2025, 3, 9), TODAY) == "Sun Mar 9, 2025"
    assert wording.full_day(TODAY) == "Tue Nov 24, 2026"
    assert wording.heading_day(TODAY) == "Tuesday, November 24"


def test_rule_70_an_instant_reads_in_the_practices_zone():
    assert _plain(wording.moment(NOW, NOW, PHOENIX)) == "Tue Nov 24, 2:30 pm"
    assert _plain(wording.full_moment(NOW, PHOENIX)) == "Tue Nov 24, 2026, 2:30 pm MST"
    assert _plain(wording.exact_time(NOW, PHOENIX)) == "2:30:00 pm"


def test_rule_9_today_is_the_practices_day():
    late_evening = datetime(2026, 11, 25, 6, 59, tzinfo=UTC)
    assert day_of(late_evening, PHOENIX) == date(2026, 11, 24)
    assert day_of(late_evening + timedelta(minutes=1), PHOENIX) == date(2026, 11, 25)


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 24 * 60 - 1))
def test_rule_70_no_hour_is_skipped_or_repeated_in_phoenix(on, minute):
    at = wording.at_local(on, time(*divmod(minute, 60)), PHOENIX)
    assert at - wording.at_local(on, time(0), PHOENIX) == timedelta(minutes=minute)
    assert day_of(at, PHOENIX) == on


def test_rule_70_where_clocks_change_the_skipped_hour_is_refused():
    with pytest.raises(ValueError, match="go forward"):
        wording.at_local(date(2026, 3, 8), time(2, 30), DENVER)
    before = wording.at_local(date(2026, 3, 8), time(1, 30), DENVER)
    after = wording.at_local(date(2026, 3, 8), time(3, 30), DENVER)
    assert after - before == timedelta(hours=1)
    wording.at_local(date(2026, 3, 8), time(2, 30), PHOENIX)


# --- durations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=30), "30 min"),
        (timedelta(hours=4), "4 hr"),
        (timedelta(hours=4, minutes=30), "4 hr 30 min"),
        (timedelta(days=2, hours=23, minutes=59), "2 d 23 hr"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_a_duration_has_its_two_largest_whole_units(length, written):
    assert _plain(wording.duration(length)) == written


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=1, minutes=59), "1 hr"),
        (timedelta(hours=47, minutes=59), "47 hr"),
        (timedelta(hours=72), "72 hr"),
        (timedelta(hours=76), "3 d 4 hr"),
    ],
)
def test_hours_stay_hours_up_to_three_days(length, written):
    assert _plain(wording.hours(length)) == written


@given(spans)
def test_no_duration_has_a_decimal_and_none_is_longer_than_it_is(length):
    for written in (wording.duration(length), wording.hours(length)):
        assert "." not in written
        assert re.fullmatch(r"(\d+ (d|hr|min))( \d+ (hr|min))?", _plain(written))
        units = {"d": timedelta(days=1), "hr": timedelta(hours=1), "min": timedelta(minutes=1)}
        pairs = re.findall(r"(\d+) (d|hr|min)", _plain(written))
        assert sum((int(n) * units[unit] for n, unit in pairs), timedelta(0)) <= length


@pytest.mark.parametrize(
    ("away", "written"),
    [
        (timedelta(minutes=30), "in 30 min"),
        (timedelta(hours=-2), "2 hr ago"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=-59), "now"),
        (timedelta(0), "now"),
    ],
)
def test_relative_times_say_before_or_after(away, written):
    assert _plain(wording.relative(NOW + away, NOW)) == written


# --- people and counts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born_on", "years"),
    [
        (date(1987, 11, 24), 39),
        (date(1987, 11, 25), 38),
        (date(2004, 2, 29), 22),
        (date(2026, 11, 24), 0),
    ],
)
def test_age_is_whole_years(born_on, years):
    assert wording.age(born_on, TODAY) == years


def test_a_birth_date_is_written_with_the_age_or_said_to_be_missing():
    assert _plain(wording.born(date(1987, 3, 9), TODAY)) == "Mar 9, 1987 (39 y)"
    assert wording.born(None, TODAY) == "birth date not recorded"


@pytest.mark.parametrize(
    ("family", "given", "preferred", "written"),
    [
        ("Okafor", "Amara", "", "Okafor, Amara"),
        ("Okafor", "Amara", "Ama", "Okafor, Amara “Ama”"),
        ("Okafor", "Amara", "Amara", "Okafor, Amara"),
        ("Sukarno", "", "", "Sukarno"),
        ("<b>", "->", "", "<b>, ->"),
    ],
)
def test_a_name_is_written_as_typed(family, given, preferred, written):
    assert wording.full_name(family, given, preferred) == written


def test_initials_begin_with_the_given_name():
    assert wording.initials("okafor", "Amara") == "A.O."
    assert wording.initials("Sukarno", "") == "S."


_MOZILLA = "Mozilla/5.0"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "written"),
    [
        (f"{_MOZILLA} (X11; Linux x86_64) {_CHROME} Safari/537.36", "Chrome on Linux"),
        (f"{_MOZILLA} (X11; CrOS x86_64 14541) {_CHROME} Safari/537.36", "Chrome on Chromebook"),
        (f"{_MOZILLA} (Windows NT 10.0) {_CHROME} Safari/537.36 Edg/141.0", "Edge on Windows"),
        (f"{_MOZILLA} (Windows NT 10.0) {_CHROME} Safari/537.36 OPR/120.0", "Opera on Windows"),
        (f"{_MOZILLA} (Linux; Android 15) {_CHROME} Mobile Safari/537.36", "Chrome on Android"),
        (f"{_MOZILLA} (Macintosh; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Mac"),
        (f"{_MOZILLA} (Macintosh; Intel) Version/18.0 Safari/605.1.15", "Safari on Mac"),
        (f"{_MOZILLA} (iPhone; like Mac OS X) CriOS/141.0 Safari/604.1", "Chrome on iPhone"),
        (f"{_MOZILLA} (iPad; like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPad"),
        (f"{_MOZILLA} Firefox/140.0", "Firefox"),
        ("curl on Windows", "A browser on Windows"),
        ("<script>alert(1)</script>", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_in_words_of_ours_whatever_it_says(user_agent, written):
    assert wording.browser(user_agent) == written


@pytest.mark.parametrize(
    ("number", "written"), [(0, "No client"), (1, "1 client"), (2, "2 clients")]
)
def test_a_count_agrees_with_its_noun(number, written):
    assert wording.count(number, "client") == written


def test_a_count_takes_an_irregular_plural():
    assert wording.count(2, "inquiry", "inquiries") == "2 inquiries"


@pytest.mark.parametrize(
    ("parts", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_reads_as_a_sentence_does(parts, said):
    assert wording.listed(parts) == said


def test_rule_70_a_time_names_the_zone_of_the_practice():
    at = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)
    assert wording.zoned_time(at, ZoneInfo("America/Phoenix")) == "2:30\N{NO-BREAK SPACE}pm MST"
    assert wording.zoned_time(at, ZoneInfo("America/Chicago")) == "4:30\N{NO-BREAK SPACE}pm CDT"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        *((1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th")),
        *((13, "13th"), (21, "21st"), (22, "22nd"), (111, "111th")),
    ],
)
def test_which_one_of_a_row_is_said_as_people_say_it(number, said):
    assert wording.ordinal(number) == said


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (6, "3 of 6"),
        (2, "3, beyond the 2 ordered"),
        (None, "3, number of sessions not ordered yet"),
    ],
)
def test_rule_8_a_dose_is_one_of_its_series_once_a_prescriber_ordered_how_many(of, said):
    assert wording.in_series(3, of) == said


@pytest.mark.parametrize(
    ("typed", "grams"),
    [
        ("82.5 kg", 82_500),
        ("82,5kg", 82_500),
        ("82 KG", 82_000),
        ("182 lb", 82_554),
        ("182lbs", 82_554),
        ("182 pounds", 82_554),
    ],
)
def test_a_weight_is_read_with_its_unit(typed, grams):
    assert wording.read_weight(typed) == grams


@pytest.mark.parametrize(
    "typed", ["82.5", "", "heavy", "-80 kg", "nan kg", "8O kg", "82 stone", "1e2 kg"]
)
def test_a_weight_without_a_unit_or_that_is_none_is_refused_in_a_sentence(typed):
    with pytest.raises(ValueError, match=r"Enter the weight|Say whether it is kg or lb"):
        wording.read_weight(typed)


def test_weights_and_mg_per_kg_are_written_without_needless_zeros():
    said = [
        wording.weight(82_554),
        wording.kg(80_000),
        wording.mg_per_kg(500),
        wording.mg_per_kg(933),
    ]

    assert [one.replace(wording.NBSP, " ") for one in said] == [
        "82.6 kg (182 lb)",
        "80 kg",
        "0.5 mg per kg",
        "0.93 mg per kg",
    ]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("4 mg", "4 mg"),
        ("4mg.", "4 mg"),
        (" .10  mg ", "0.1 mg"),
        ("4.0 mg", "4 mg"),
        ("1,000 mg", "1,000 mg"),
        ("1000 MG", "1,000 mg"),
        ("100 µg", "100 mcg"),
        ("100 ug", "100 mcg"),
        ("10 ml", "10 mL"),
        ("2 L/min", "2 L per min"),
        ("1 tablets", "1 tablet"),
        ("2 tablet", "2 tablets"),
        ("0.5 tablet", "0.5 tablets"),
        ("3 patch", "3 patches"),
    ],
)
def test_the_dose_of_another_medicine_is_written_one_way_however_it_was_typed(typed, written):
    said = wording.read_dose_of_other(typed)
    assert said.replace(NBSP, " ") == written
    assert wording.read_dose_of_other(said) == said


@pytest.mark.parametrize(
    "typed",
    [
        *("", "  ", "4", "mg", "four mg", "0 mg", "0.0 mg", "-4 mg", "NaN mg", "inf mg", "1e3 mg"),
        *("4 cc", "4 U", "4 mg 4 mg", "4 mg for Anna", "٤ mg", "1,00 mg", "=4 mg", "4\nmg\n5 g"),
    ],
)
def test_what_is_no_dose_of_another_medicine_is_said_in_a_sentence(typed):
    with pytest.raises(ValueError, match=r"\.$"):
        wording.read_dose_of_other(typed)


@pytest.mark.parametrize("typed", ["128/82", "128 / 82", "128 over 82", " 128/82 mmHg "])
def test_a_blood_pressure_is_read_as_people_type_it(typed):
    assert wording.read_blood_pressure(typed) == (128, 82)
    assert wording.blood_pressure(128, 82) == "128/82"


@pytest.mark.parametrize(
    "typed", ["", "128", "128/", "/82", "a/b", "-128/82", "1280/82", "12.8/82"]
)
def test_what_is_no_blood_pressure_is_said_in_a_sentence(typed):
    with pytest.raises(ValueError, match="two numbers"):
        wording.read_blood_pressure(typed)


@pytest.mark.parametrize(("typed", "minutes"), [("10", 10), (" 10 min", 10), ("240", 240)])
def test_minutes_are_read_as_people_type_them(typed, minutes):
    assert wording.read_minutes(typed) == minutes


@pytest.mark.parametrize("typed", ["", "0", "-5", "1.5", "NaN", "241", "ten", "1e2"])
def test_what_is_no_number_of_minutes_is_said_in_a_sentence(typed):
    with pytest.raises(ValueError, match="whole minutes from 1 to 240"):
        wording.read_minutes(typed)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (10, 20, "after 10 to 20 min"),
        (10, 10, "after 10 min"),
        (10, None, "after 10 min"),
        (None, 20, "within 20 min"),
        (None, None, ""),
    ],
)
def test_from_and_to_so_many_minutes_reads_as_one_thing(first, last, said):
    assert wording.minutes_after(first, last).replace(NBSP, " ") == said
