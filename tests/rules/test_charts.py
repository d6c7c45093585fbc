"""The timeline's specification: what it may say, and what it must never say."""

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pytest

from kapteam.charts.palette import DARK, LIGHT
from kapteam.charts.scores import ScorePoint, score_points, scores_in_words
from kapteam.charts.timeline import (
    INTEGRATION,
    Mark,
    TimelineMark,
    color_of,
    near_enough,
    newest_series,
    timeline,
    timeline_by_dose,
    timeline_in_words,
    timeline_marks,
)
from kapteam.db.in_force import PracticeInForce
from kapteam.instruments import instruments
from kapteam.queries.client import ClientDose, ClientIntegration, ClientPage, GivenPart
from kapteam.queries.client_details import ClientDetails
from kapteam.queries.client_names import ClientName
from kapteam.queries.home_supply import InError
from kapteam.queries.pinned import PinnedLine
from kapteam.queries.scores import ClientScores, ScoreLine
from kapteam.queries.standing import Asked
from kapteam.rules.dosing import Silence
from kapteam.rules.integration import IntegrationFacts, judge
from kapteam.rules.permissions import Viewer
from kapteam.rules.scoring import score, score_total
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import (
    AdministrationKind,
    Audience,
    How,
    IntegrationCloseReason,
    IntegrationKind,
    OrderState,
    ProductRoute,
    SessionStatus,
)

THEME = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"
ZONE = ZoneInfo("America/Phoenix")
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = Asked(
    Viewer("sign-in", "clinician", "Thea Tallis", frozenset(), False, Audience.JUST_ME, False),
    PracticeInForce("Saguaro Practice", ZONE, False, Thresholds()),
    NOW,
)


def a_dose(
    days: float,
    *,
    mg: tuple[int, ...] = (60,),
    route: ProductRoute = ProductRoute.INTRAMUSCULAR,
    number: int = 1,
    status: SessionStatus | None = None,
    order: OrderState = OrderState.ORDERED,
    silence: Silence | None = None,
    integrations: tuple[ClientIntegration, ...] = (),
    series: str = "series",
    course: str = "course",
    is_maintenance: bool = False,
) -> ClientDose:
    """A ketamine session `days` from now: given in the past, planned in the future."""
    at = NOW + days * DAY
    given = days < 0 if status is None else status.is_given
    status = status or (SessionStatus.COMPLETED if given else SessionStatus.PLANNED)
    line = None
    if status.is_open:
        line = SimpleNamespace(silence=silence)
    return ClientDose(
        id=f"dose {days}",
        episode_id=course,
        series_id=series,
        is_maintenance=is_maintenance,
        number=number,
        of=6,
        product_route=route,
        status=status,
        planned_at=at,
        place="Room 2",
        at_home=False,
        people_present="",
        order_state=order,
        ordered_ug=70_000,
        may_add=None,
        ordered_by="Robin Prescott",
        given=tuple(
            GivenPart(AdministrationKind.DOSE, ug * 1000, at, None, None) for ug in mg if given
        ),
        discharged_at=None,
        end_reason="",
        breach_reason="",
        no_integration_reason="",
        integrations=integrations,
        went_on_with="",
        line=line,
    )


def an_integration(
    *,
    given_at: datetime | None = None,
    planned_at: datetime | None = None,
    held_at: datetime | None = None,
    closed_at: datetime | None = None,
    agreed_for: date | None = None,
    due_on: date | None = None,
    note_signed: bool = True,
    kind: IntegrationKind = IntegrationKind.FULL,
) -> ClientIntegration:
    """An integration as the standings judge it at NOW."""
    facts = IntegrationFacts(
        given_at,
        planned_at=planned_at,
        held_at=held_at,
        agreed_for=agreed_for,
        due_on=due_on,
        note_signed=note_signed,
    )
    standing = judge(facts, Thresholds(), NOW, date(2026, 11, 24)) if closed_at is None else None
    return ClientIntegration(
        id=f"{given_at} {planned_at} {held_at} {closed_at}",
        episode_id="course",
        dose_ids=("dose",),
        experience_ids=(),
        kind=kind,
        how=How.IN_PERSON,
        place="",
        therapist="Thea Tallis",
        planned_at=planned_at,
        held_at=held_at,
        closed_at=closed_at,
        close_reason=IntegrationCloseReason.DECLINED if closed_at else None,
        close_note="",
        last_given_at=given_at,
        line=SimpleNamespace(standing=standing) if standing else None,
    )


def a_page(
    *doses: ClientDose,
    integrations: tuple[ClientIntegration, ...] = (),
    scores: tuple[ScoreLine, ...] = (),
) -> ClientPage:
    """The page of a client whose name must never reach a chart."""
    return ClientPage(
        name=ClientName("client", "K-014", "Okafor", "Amara", "Ama", None),
        details=ClientDetails(
            id="client",
            code="K-014",
            version=1,
            family_name="Okafor",
            given_name="Amara",
            preferred_name="Ama",
            pronouns="",
            born_on=None,
            phone="",
            emergency_name="",
            emergency_relation="",
            emergency_phone="",
            may_be_told="",
            voicemail_ok=None,
            allergies=None,
            allergies_asked_on=None,
            medications=None,
            medications_asked_on=None,
            conditions=None,
            conditions_asked_on=None,
            usual_pressure=None,
            usual_pressure_asked_on=None,
        ),
        pinned=PinnedLine("", "", None),
        weight=None,
        look_alikes=(),
        concerns=(),
        last_contacts=(),
        courses=(),
        ended=(),
        lines=(),
        doses=tuple(doses),
        integrations=integrations,
        notes=None,
        seen_this_hour=True,
        emergencies=(),
        scores=ClientScores(tuple(reversed(scores))),
    )


def a_score(
    days: float,
    total: int | None,
    by: str = "phq-9",
    *,
    answers: tuple[int, ...] = (),
    is_day_only: bool = False,
    is_used: bool = True,
    is_read: bool = True,
    in_error: bool = False,
    course: str = "course",
) -> ScoreLine:
    """A total that was found elsewhere, or what these answers come to, `days` from now."""
    instrument = instruments()[by]
    scored = score(instrument, answers) if answers else score_total(instrument, total)
    return ScoreLine(
        id=f"{by} {days}",
        episode_id=course,
        instrument_id=by,
        instrument=instrument,
        taken_at=NOW + days * DAY,
        is_day_only=is_day_only,
        is_complete=True,
        scored=scored if is_read else None,
        recorded_by_id="therapist",
        recorded_by="Thea Tallis",
        recorded_at=NOW,
        in_error=InError("Thea Tallis", NOW, "Okafor") if in_error else None,
        is_used=is_used,
    )


def scored(*lines: ScoreLine) -> tuple[ScorePoint, ...]:
    return score_points(a_page(scores=lines), ASKED)


def held_against_its_schema(spec: dict[str, Any]) -> dict[str, Any]:
    """The same spec; fails unless Vega-Lite knows all that it says."""
    alt.LayerChart.from_dict(spec)
    return spec


def of_scores(*lines: ScoreLine, **palette: Any) -> dict[str, Any]:
    """The timeline of doses and these scores, held against its schema."""
    return held_against_its_schema(timeline(typical(), scored(*lines), NOW, ZONE, **palette))


MEASURES = (
    a_score(-45, 21),
    a_score(-33, 14),
    a_score(-3, 0, answers=(0,) * 9),
    a_score(-44, 52, "pcl-5-month"),
    a_score(-4, 28, "pcl-5-month"),
    a_score(-5, 30, "pcl-5-week"),
    a_score(-20, 9, "gad-7"),
    a_score(-20, 80, "who-5"),
)


def typical() -> tuple[TimelineMark, ...]:
    """Two routes, doses planned, and an integration of every kind."""
    early, late, missing = (NOW - days * DAY for days in (40, 30, 10))
    return timeline_marks(
        a_page(
            a_dose(7, number=6, order=OrderState.PROPOSED),
            a_dose(1, number=5),
            a_dose(-10, mg=(50, 10), number=3, integrations=(an_integration(given_at=missing),)),
            a_dose(
                -30,
                mg=(100,),
                route=ProductRoute.SUBLINGUAL,
                integrations=(an_integration(given_at=late, held_at=late + 40 * HOUR),),
            ),
            a_dose(
                -40,
                mg=(40,),
                integrations=(an_integration(given_at=early, held_at=early + 20 * HOUR),),
            ),
            integrations=(
                an_integration(planned_at=NOW + DAY),
                an_integration(closed_at=NOW - 20 * DAY),
            ),
        ),
        ASKED,
    )


def spec_of(marks: tuple[TimelineMark, ...], **palette: Any) -> dict[str, Any]:
    return held_against_its_schema(timeline(marks, (), NOW, ZONE, **palette))


def every_layer(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The layers that draw something, however deep."""
    for layer in spec["layer"]:
        if "layer" in layer:
            yield from every_layer(layer)
        else:
            yield layer


def layers(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [layer for layer in every_layer(spec) if layer["mark"]["type"] == kind]


def rows(spec: dict[str, Any], layer: dict[str, Any]) -> list[dict[str, Any]]:
    data = layer["data"]
    return data["values"] if "values" in data else spec["datasets"][data["name"]]


def test_it_is_one_single_view():
    spec = spec_of(typical())
    assert spec["layer"]
    assert not {"vconcat", "hconcat", "concat", "facet", "repeat"} & set(
        json.dumps(spec).split('"')
    )


def test_a_dose_is_neither_a_place_nor_a_size():
    for layer in every_layer(spec_of(typical())):
        encoding = layer["encoding"]
        assert {"size", "strokeWidth", "opacity", "angle", "x2", "y2"}.isdisjoint(encoding)
        assert encoding["x"]["field"] == "at"
        assert encoding.get("y", {}).get("field", "lane") == "lane"
        channels = [
            one
            for value in encoding.values()
            for one in ([value] if isinstance(value, dict) else value)
        ]
        assert not [one for one in channels if one.get("type") == "quantitative"]


def test_a_lane_for_each_route_in_the_order_of_its_first_dose_then_integration():
    spec = spec_of(typical())
    lanes = layers(spec, "point")[0]["encoding"]["y"]["scale"]["domain"]
    assert lanes == ["intramuscular", "sublingual", INTEGRATION]
    assert spec["height"] == 3 * 46


def test_given_doses_are_filled_and_planned_ones_are_outlines_ahead_of_now():
    spec = spec_of(typical())
    doses = layers(spec, "point")[0]
    words = doses["encoding"]["fill"]["scale"]["domain"]
    fills = dict(zip(words, doses["encoding"]["fill"]["scale"]["range"], strict=True))
    strokes = dict(zip(words, doses["encoding"]["stroke"]["scale"]["range"], strict=True))
    assert (fills["given"], strokes["given"]) == (LIGHT.text, LIGHT.background)
    assert fills["planned"] == LIGHT.background != strokes["planned"]
    now = NOW.astimezone(ZONE).replace(tzinfo=None).isoformat()
    for row in rows(spec, doses):
        assert (row["at"] > now) == (row["mark"] == "planned")


def test_the_dose_is_text_above_its_mark_and_a_booster_is_counted_in():
    spec = spec_of(typical())
    halo, amounts = layers(spec, "text")[-2:]
    shown = sorted((row["at"], row["amount"]) for row in rows(spec, amounts))
    assert [amount for _, amount in shown] == [
        "40\u00a0mg",
        "100\u00a0mg",
        "60\u00a0mg",
        "70\u00a0mg",
        "not ordered",
    ]
    assert rows(spec, halo) == rows(spec, amounts)
    assert halo["mark"]["dy"] == amounts["mark"]["dy"] < 0


def test_integrations_differ_in_shape_and_in_color():
    marks = [
        Mark.HELD_IN_TIME,
        Mark.HELD_LATE,
        Mark.NOT_HELD,
        Mark.BOOKED,
        Mark.CLOSED,
    ]
    encoding = layers(spec_of(typical()), "point")[1]["encoding"]
    words = encoding["shape"]["scale"]["domain"]
    look = {
        word: (shape, fill, stroke)
        for word, shape, fill, stroke in zip(
            words,
            *(encoding[channel]["scale"]["range"] for channel in ("shape", "fill", "stroke")),
            strict=True,
        )
    }
    shapes = {mark: look[mark.label][0] for mark in marks}
    assert shapes == {
        Mark.HELD_IN_TIME: "circle",
        Mark.HELD_LATE: "triangle-up",
        Mark.NOT_HELD: "cross",
        Mark.BOOKED: "circle",
        Mark.CLOSED: "diamond",
    }
    assert len({look[mark.label][1:] for mark in marks}) == len(marks)
    assert look["booked"][1] == LIGHT.background


def test_the_legend_names_the_shapes_that_are_there_and_no_others():
    one = timeline_marks(a_page(a_dose(-3)), ASKED)
    encoding = layers(spec_of(one), "point")[0]["encoding"]
    assert encoding["shape"]["scale"]["domain"] == ["given"]
    for channel in ("shape", "fill", "stroke"):
        assert encoding[channel]["legend"] == encoding["shape"]["legend"]
    shown = layers(spec_of(typical()), "point")[0]["encoding"]["shape"]["scale"]["domain"]
    assert shown == [
        "given",
        "planned",
        "held in time",
        "held late",
        "late, not held",
        "booked",
        "closed",
    ]


def test_only_doses_and_integrations_answer_a_hover():
    spec = spec_of(typical())
    points = layers(spec, "point")
    hovers = [[one["field"] for one in layer["encoding"]["tooltip"]] for layer in points]
    assert hovers == [
        ["what", "amount", "route", "when", "status", "gap"],
        ["what", "when", "status", "gap"],
    ]
    for layer in [*layers(spec, "rule"), *layers(spec, "text")]:
        assert layer["mark"]["tooltip"] is None
        assert layer["mark"]["aria"] is False
        assert "tooltip" not in layer["encoding"]


def test_a_dose_says_number_amount_route_full_date_status_and_gap():
    spec = spec_of(typical())
    given = next(
        row for row in rows(spec, layers(spec, "point")[0]) if row["amount"] == "60\u00a0mg"
    )
    assert given["what"] == "Dose 3 of 6"
    assert given["route"] == "intramuscular"
    assert given["when"] == "Sat Nov 14, 2026, 2:30\u00a0pm MST"
    assert given["status"] == "Completed"
    assert given["gap"] == "Past 72\u00a0hr, 10\u00a0d since dose, not held"
    assert given["words"].startswith("Dose 3 of 6, 60\u00a0mg, intramuscular, Sat Nov 14, 2026")


def test_times_are_the_practices_wherever_the_browser_is():
    spec = spec_of(timeline_marks(a_page(a_dose(-7)), ASKED))
    written = [row["at"] for layer in every_layer(spec) for row in rows(spec, layer)]
    assert set(written) == {"2026-11-17T14:30", "2026-11-24T14:30"}


def test_no_client_is_named():
    marks = typical()
    said = json.dumps(spec_of(marks)) + timeline_in_words(marks)
    for name in ("Okafor", "Amara", "Ama", "K-014", "Thea", "Robin"):
        assert name not in said


def test_it_is_said_in_one_sentence():
    assert timeline_in_words(typical()) == (
        "2 intramuscular doses and 1 sublingual dose given, 2 planned; "
        "1 integration held in time, 1 held late, 1 late and not held."
    )
    assert timeline_in_words(timeline_marks(a_page(a_dose(2)), ASKED)) == (
        "No dose given, 1 planned; no integration held in time, none held late, none late and not "
        "held."
    )


GIVEN_AT = NOW - 60 * HOUR


@pytest.mark.parametrize(
    ("integration", "mark", "at"),
    [
        (
            an_integration(given_at=GIVEN_AT, held_at=GIVEN_AT + 24 * HOUR),
            Mark.HELD_IN_TIME,
            GIVEN_AT + 24 * HOUR,
        ),
        (
            an_integration(given_at=GIVEN_AT, held_at=GIVEN_AT + 24 * HOUR + timedelta(minutes=1)),
            Mark.HELD_LATE,
            GIVEN_AT + 24 * HOUR + timedelta(minutes=1),
        ),
        (
            an_integration(given_at=GIVEN_AT, held_at=GIVEN_AT + 20 * HOUR, note_signed=False),
            Mark.HELD_IN_TIME,
            GIVEN_AT + 20 * HOUR,
        ),
        (an_integration(held_at=NOW - DAY), Mark.HELD_IN_TIME, NOW - DAY),
        (an_integration(given_at=GIVEN_AT), Mark.NOT_HELD, GIVEN_AT + 24 * HOUR),
        (
            an_integration(given_at=GIVEN_AT, planned_at=NOW + HOUR),
            Mark.NOT_HELD,
            GIVEN_AT + 24 * HOUR,
        ),
        (
            an_integration(given_at=GIVEN_AT, planned_at=GIVEN_AT + 20 * HOUR),
            Mark.NOT_HELD,
            GIVEN_AT + 24 * HOUR,
        ),
        (an_integration(given_at=NOW - 3 * HOUR), Mark.TO_DO, NOW + 21 * HOUR),
        (
            an_integration(given_at=NOW - 3 * HOUR, planned_at=NOW + 9 * HOUR),
            Mark.BOOKED,
            NOW + 9 * HOUR,
        ),
        (
            an_integration(given_at=NOW - 3 * HOUR, planned_at=NOW + 40 * HOUR),
            Mark.BOOKED,
            NOW + 40 * HOUR,
        ),
        (
            an_integration(given_at=NOW - 9 * HOUR, planned_at=NOW - 2 * HOUR),
            Mark.BOOKED,
            NOW - 2 * HOUR,
        ),
        (
            an_integration(given_at=GIVEN_AT, agreed_for=date(2026, 11, 30)),
            Mark.AGREED,
            datetime(2026, 11, 30, 12, tzinfo=ZONE),
        ),
        (
            an_integration(
                given_at=GIVEN_AT, agreed_for=date(2026, 11, 30), planned_at=NOW + 9 * HOUR
            ),
            Mark.BOOKED,
            NOW + 9 * HOUR,
        ),
        (
            an_integration(due_on=date(2026, 11, 20)),
            Mark.NOT_HELD,
            datetime(2026, 11, 20, 12, tzinfo=ZONE),
        ),
        (
            an_integration(due_on=date(2026, 11, 28)),
            Mark.TO_DO,
            datetime(2026, 11, 28, 12, tzinfo=ZONE),
        ),
        (an_integration(closed_at=NOW - DAY), Mark.CLOSED, NOW - DAY),
    ],
    ids=lambda value: value.value if isinstance(value, Mark) else "",
)
def test_an_integration_is_marked_as_it_stands(integration, mark, at):
    (found,) = timeline_marks(a_page(integrations=(integration,)), ASKED)
    assert (found.mark, found.at, found.lane) == (mark, at, INTEGRATION)
    assert not found.is_dose


@pytest.mark.parametrize(
    ("integration", "when"),
    [
        (an_integration(due_on=date(2026, 11, 28)), "by Sat Nov 28, 2026"),
        (an_integration(due_on=date(2026, 11, 20)), "by Fri Nov 20, 2026"),
        # Nothing took place when it was due.
        (an_integration(given_at=GIVEN_AT), "by Mon Nov 23, 2026, 2:30\u00a0am MST"),
        (
            an_integration(given_at=GIVEN_AT, agreed_for=date(2026, 11, 30)),
            "Mon Nov 30, 2026",
        ),
        (
            an_integration(given_at=NOW - 3 * HOUR, planned_at=NOW + 9 * HOUR),
            "Tue Nov 24, 2026, 11:30\u00a0pm MST",
        ),
    ],
)
def test_of_an_integration_no_more_is_said_of_its_time_than_is_known(integration, when):
    (found,) = timeline_marks(a_page(integrations=(integration,)), ASKED)
    assert found.when == when


def test_doses_and_integrations_that_stand_close_are_told_apart_by_an_edge():
    for palette in (LIGHT, DARK):
        encoding = layers(spec_of(typical(), palette=palette), "point")[0]["encoding"]
        look = dict(
            zip(
                encoding["stroke"]["scale"]["domain"],
                encoding["stroke"]["scale"]["range"],
                strict=True,
            )
        )
        assert look["given"] == look["held in time"] == palette.background
        assert look["planned"] == palette.text


def test_a_debrief_is_no_integration():
    debrief = an_integration(held_at=NOW - DAY, kind=IntegrationKind.DEBRIEF)
    assert timeline_marks(a_page(integrations=(debrief,)), ASKED) == ()


def test_an_integration_of_two_doses_is_drawn_once():
    both = an_integration(given_at=NOW - 5 * DAY, held_at=NOW - 4 * DAY)
    page = a_page(a_dose(-5, integrations=(both,)), a_dose(-6, integrations=(both,)))
    marks = timeline_marks(page, ASKED)
    assert sum(not mark.is_dose for mark in marks) == 1


@pytest.mark.parametrize(
    "status", [SessionStatus.CANCELLED, SessionStatus.MISSED, SessionStatus.NOT_GIVEN]
)
def test_what_was_never_given_is_no_dose(status):
    assert timeline_marks(a_page(a_dose(-2, status=status)), ASKED) == ()


def test_a_session_nobody_recorded_stays_an_outline_that_asks():
    silent = a_dose(-1, status=SessionStatus.PLANNED, silence=Silence.WAS_THIS_GIVEN)
    (found,) = timeline_marks(a_page(silent), ASKED)
    assert (found.mark, found.status) == (Mark.PLANNED, "Was this given?")


def _amounts(count: int, *, days: float) -> list[dict[str, Any]]:
    marks = timeline_marks(a_page(*(a_dose(-1 - days * one) for one in range(count))), ASKED)
    spec = spec_of(marks)
    return rows(spec, layers(spec, "text")[-1])


@pytest.mark.parametrize("width", [420, 700, 1110, 1700])
@pytest.mark.parametrize(("count", "days"), [(3, 7), (30, 13), (30, 0.5), (60, 6)])
def test_no_two_amounts_stand_on_each_other(count, days, width):
    edge = 36
    room = width - 2 * edge
    shown = [
        row
        for row in _amounts(count, days=days)
        if row["is_last"] or row["room"] * room >= row["needs"]
    ]
    times = sorted(datetime.fromisoformat(row["at"]) for row in shown)
    first = NOW - max(DAY * (1 + days * (count - 1)), 10 * DAY)
    span = (NOW + 10 * DAY) - first
    gaps = [(later - one) / span * room for one, later in pairwise(times)]
    assert all(gap >= 45 for gap in gaps)
    assert len(shown) >= min(count, 3)


def test_on_a_narrow_screen_only_the_last_dose_of_a_lane_is_written():
    spec = spec_of(typical())
    amounts = layers(spec, "text")[-1]
    assert amounts["mark"]["opacity"]["expr"].startswith("datum.is_last || (width >= 420 && ")
    last = [(row["lane"], row["amount"]) for row in rows(spec, amounts) if row["is_last"]]
    assert last == [("intramuscular", "60\u00a0mg"), ("sublingual", "100\u00a0mg")]


def test_a_single_day_is_not_named_twice_on_the_axis():
    spec = spec_of(timeline_marks(a_page(a_dose(0.1)), ASKED))
    first, last = layers(spec, "point")[0]["encoding"]["x"]["scale"]["domain"]
    assert date(last["year"], last["month"], last["date"]) - date(
        first["year"], first["month"], first["date"]
    ) >= timedelta(days=20)


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("palette", "section"), [(LIGHT, "light"), (DARK, "dark")])
def test_colors_are_the_themes_and_can_be_seen(palette, section):
    theme = tomllib.loads(THEME.read_text())["theme"][section]
    assert palette.background == theme["backgroundColor"]
    assert palette.text == theme["textColor"]
    assert palette.quiet == theme["grayColor"]
    assert palette.grid == theme["grayBackgroundColor"]
    assert (palette.green, palette.amber) == (theme["greenColor"], theme["orangeColor"])
    assert (palette.red, palette.blue) == (theme["redColor"], theme["blueColor"])
    for mark in Mark:
        assert _contrast(color_of(mark, palette), palette.background) >= 3
    assert _contrast(palette.quiet, palette.background) >= 4.5


def test_the_dark_theme_has_its_own_colors():
    light, dark = (json.dumps(spec_of(typical(), palette=one)) for one in (LIGHT, DARK))
    assert DARK.text in dark
    assert LIGHT.text not in dark
    assert DARK.text not in light


def test_marks_come_in_the_order_of_time():
    marks = typical()
    assert [mark.at for mark in marks] == sorted(mark.at for mark in marks)
    assert marks[0].at != marks[-1].at


def _panels(spec: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The layers of each measure, by the name that its axis has."""
    found: dict[str, list[dict[str, Any]]] = {}
    for layer in every_layer(spec):
        axis = layer["encoding"].get("y", {}).get("axis") or {}
        if "labelExpr" in axis:
            found.setdefault(axis["labelExpr"].split("'")[1].split("\u2002")[0], []).append(layer)
    return found


def test_scores_doses_and_integrations_are_one_single_view_over_one_time():
    spec = of_scores(*MEASURES)
    words = set(json.dumps(spec).split('"'))
    assert not {"vconcat", "hconcat", "concat", "facet", "repeat"} & words
    domains = {
        json.dumps(layer["encoding"]["x"]["scale"])
        for layer in every_layer(spec)
        if "scale" in layer["encoding"].get("x", {})
    }
    assert len(domains) == 1
    assert spec["resolve"]["scale"] == {"y": "independent"}


def test_each_measure_has_its_whole_range_whatever_the_scores_are():
    for lines in (MEASURES, tuple(one for one in MEASURES if one.taken_at < NOW - 19 * DAY)):
        panels = _panels(of_scores(*lines))
        for name, domain in {
            "PHQ-9": [0, 27],
            "GAD-7": [0, 21],
            "PCL-5 (month)": [0, 80],
            "WHO-5": [0, 100],
        }.items():
            scales = [layer["encoding"]["y"]["scale"] for layer in panels[name]]
            assert {json.dumps(scale) for scale in scales} == {json.dumps(scales[0])}
            assert scales[0]["domain"] == domain
            bottom, top = scales[0]["range"]
            assert bottom - top == 112


def test_panels_stand_below_each_other_those_by_which_one_is_judged_first():
    panels = _panels(of_scores(*MEASURES))
    assert list(panels) == ["PHQ-9", "PCL-5 (month)", "PCL-5 (week)", "GAD-7", "WHO-5"]
    ranges = [of[0]["encoding"]["y"]["scale"]["range"] for of in panels.values()]
    assert all(upper[0] < lower[1] for upper, lower in pairwise(ranges))
    lanes = layers(of_scores(*MEASURES), "point")[0]["encoding"]["y"]["scale"]
    assert lanes["range"][0] > ranges[-1][0]


def test_rule_49_the_pcl_5_of_a_month_and_of_a_week_never_share_a_line():
    spec = of_scores(*MEASURES)
    lines = {
        name: [one for one in of if one["mark"]["type"] == "line"]
        for name, of in _panels(spec).items()
    }
    totals = {name: [row["total"] for row in rows(spec, of[0])] for name, of in lines.items()}
    assert totals["PCL-5 (month)"] == [52, 28]
    assert totals["PCL-5 (week)"] == [30]


def test_the_phq_9_has_its_bands_and_the_pcl_5_a_strip_and_none():
    spec = of_scores(*MEASURES)
    names = {
        name: [
            (row["label"], row["least"], row["most"])
            for layer in of
            if layer["mark"]["type"] == "text" and layer["encoding"]["text"]["field"] == "label"
            for row in rows(spec, layer)
        ]
        for name, of in _panels(spec).items()
    }
    assert names["PHQ-9"] == [
        ("Minimal", 0, 5),
        ("Mild", 5, 10),
        ("Moderate", 10, 15),
        ("Moderately severe", 15, 20),
        ("Severe", 20, 27),
    ]
    assert names["PCL-5 (month)"] == names["PCL-5 (week)"] == [("31 to 33", 31, 33)]
    assert names["WHO-5"] != names["PHQ-9"]


def test_a_total_of_0_is_a_point_and_a_form_with_a_gap_is_none():
    gap = (3, None, 0, 0, 0, 0, 0, 0, 0)
    spec = of_scores(a_score(-9, 5), a_score(-3, None, answers=(0,) * 9))
    (points,) = layers(spec, "circle")
    assert [row["total"] for row in rows(spec, points)] == [5, 0]
    assert rows(spec, points)[1]["score"] == "0, Minimal"
    assert scored(a_score(-3, None, answers=gap)) == ()


@pytest.mark.parametrize(
    "line",
    [
        a_score(-3, 9, is_read=False),
        a_score(-3, 9, in_error=True),
        a_score(-3, 40, "meq-30"),
    ],
    ids=["not read by the front desk", "entered in error", "only described"],
)
def test_what_is_no_score_of_how_somebody_is_is_not_drawn(line):
    assert scored(line) == ()


def test_one_score_draws_no_line_and_two_courses_draw_two():
    spec = of_scores(a_score(-3, 9))
    (line,) = layers(spec, "line")
    assert len(rows(spec, line)) == 1
    spec = of_scores(a_score(-90, 9, course="before"), a_score(-3, 9))
    (line,) = layers(spec, "line")
    assert line["encoding"]["detail"]["field"] == "course"
    assert [row["course"] for row in rows(spec, line)] == ["before", "course"]


def test_rule_48_of_two_of_a_day_the_line_goes_through_the_later():
    spec = of_scores(
        a_score(-9, 20), a_score(-3.1, 12, is_used=False), a_score(-3, 9), a_score(-2, 8)
    )
    (line,) = layers(spec, "line")
    assert [row["total"] for row in rows(spec, line)] == [20, 9, 8]
    other, used = layers(spec, "circle")
    assert used["mark"]["fill"] == LIGHT.text
    assert other["mark"]["fill"] == LIGHT.background
    assert [row["note"] for row in rows(spec, other)] == ["Total only, Another of this day counts"]


def test_a_score_says_measure_form_total_band_date_and_what_is_not_known():
    spec = of_scores(a_score(-9, 21), a_score(-3, 9, is_day_only=True))
    (points,) = layers(spec, "circle")
    assert [one["field"] for one in points["encoding"]["tooltip"]] == [
        "what",
        "form",
        "score",
        "when",
        "note",
    ]
    first, last = rows(spec, points)
    assert first["words"] == (
        "PHQ-9, English (US), 9 items, 21, Severe, Sun Nov 15, 2026, 2:30\u00a0pm MST, Total only"
    )
    assert last["when"] == "Sat Nov 21, 2026"
    for layer in every_layer(spec):
        if layer["mark"]["type"] in {"rect", "line", "rule", "text"}:
            assert layer["mark"]["tooltip"] is None
            assert layer["mark"]["aria"] is False


def test_no_mg_is_on_any_axis_or_scale_beside_scores():
    for layer in every_layer(of_scores(*MEASURES)):
        for channel, one in layer["encoding"].items():
            if isinstance(one, dict) and one.get("type") == "quantitative":
                assert channel in {"x", "y", "y2"}
                assert one["field"] in {"total", "least", "most", "middle"}
        assert "mg" not in json.dumps(layer["encoding"].get("y", {}).get("axis", {}))
    for chart in (of_scores(*MEASURES), by_dose(*MEASURES)):
        assert not {"size", "radius", "angle"} & {
            channel for layer in every_layer(chart) for channel in layer["encoding"]
        }


def by_dose(*lines: ScoreLine) -> dict[str, Any]:
    marks = timeline_marks(
        a_page(
            *(a_dose(-7 * number, number=5 - number) for number in (1, 2, 3, 4)),
            a_dose(2, number=5),
        ),
        ASKED,
    )
    chart = timeline_by_dose(marks, scored(*lines))
    assert chart is not None
    return held_against_its_schema(chart)


def test_by_dose_each_dose_is_at_its_number_and_scores_stand_between():
    spec = by_dose(a_score(-29, 20), a_score(-27, 16), a_score(-22, 14), a_score(-1, 3))
    (line,) = layers(spec, "line")
    # Of two between the same doses the later one.
    assert [(row["at"], row["total"]) for row in rows(spec, line)] == [
        (0.5, 20),
        (1.5, 14),
        (4.5, 3),
    ]
    doses = layers(spec, "point")[0]
    assert [row["at"] for row in rows(spec, doses)] == [1, 2, 3, 4, 5]
    assert doses["encoding"]["x"]["scale"]["domain"] == [0, 6]
    assert not layers(spec, "rule")


def test_by_dose_a_score_from_long_before_the_series_is_no_part_of_it():
    spec = by_dose(a_score(-59, 20), a_score(-1, 3))
    (line,) = layers(spec, "line")
    assert [row["total"] for row in rows(spec, line)] == [3]


def a_maintenance_dose(days: float, **columns: Any) -> ClientDose:
    return a_dose(days, series="maintenance", is_maintenance=True, **columns)


def test_by_dose_maintenance_stands_with_the_series_that_it_goes_on_with():
    """Decision 64: its scores are measured against the baseline of that series."""
    marks = timeline_marks(
        a_page(
            a_dose(-90, series="an earlier one"),
            *(a_dose(days) for days in (-60, -53)),
            *(a_maintenance_dose(days) for days in (-20, 3)),
        ),
        ASKED,
    )
    chart = timeline_by_dose(marks, scored(a_score(-61, 20), a_score(-25, 4), a_score(-1, 3)))
    assert chart is not None
    spec = held_against_its_schema(chart)

    (line,) = layers(spec, "line")
    assert [(row["at"], row["total"]) for row in rows(spec, line)] == [
        (0.5, 20),
        (2.5, 4),
        (3.5, 3),
    ]
    doses = layers(spec, "point")[0]
    assert [row["at"] for row in rows(spec, doses)] == [1, 2, 3, 4]
    assert doses["encoding"]["x"]["axis"]["labelExpr"] == (
        "datum.value > 2 ? 'Maintenance ' + (datum.value - 2) : 'Dose ' + datum.value"
    )


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        ([a_dose(-60)], ("series", "maintenance")),
        ([], ("maintenance",)),
        (
            [a_dose(-90, series="an earlier one"), a_dose(-60, route=ProductRoute.SUBLINGUAL)],
            ("series", "maintenance"),
        ),
        (
            [a_dose(-60), a_dose(-40, series="by another route", is_maintenance=True)],
            ("series", "by another route", "maintenance"),
        ),
        # A dose of another course must not stand among them.
        ([a_dose(-60), a_dose(-30, course="another", series="its own")], ("series", "maintenance")),
    ],
)
def test_maintenance_stands_with_the_series_of_its_course_that_it_goes_on_with(before, shown):
    marks = timeline_marks(a_page(*before, a_maintenance_dose(-20)), ASKED)
    assert newest_series(marks) == shown


def test_without_a_dose_there_is_no_number_to_stand_at():
    assert timeline_by_dose(timeline_marks(a_page(a_dose(2)), ASKED), scored(*MEASURES)) is None


def test_scores_without_a_dose_are_drawn_as_well():
    spec = held_against_its_schema(timeline((), scored(*MEASURES), NOW, ZONE))
    assert layers(spec, "circle")
    assert not layers(spec, "point")


@pytest.mark.parametrize(
    ("doses", "score", "is_drawn"),
    [
        # What came before the first dose takes no more room than what came after it.
        ((-100, 3), -203, True),
        ((-100, 3), -204, False),
        # Of a series that has only begun 60 days are shown.
        ((-7, 3), -67, True),
        ((-7, 3), -68, False),
        ((5,), -60, True),
        ((5,), -61, False),
        # A form of years ago must not press the doses onto each other.
        ((-7, 3), -2600, False),
        ((), -2600, True),
    ],
)
def test_a_score_from_long_before_the_first_dose_is_not_drawn_over_time(doses, score, is_drawn):
    marks = timeline_marks(a_page(*(a_dose(days) for days in doses)), ASKED)
    points = scored(a_score(score, 20), a_score(-1, 3))

    drawn = near_enough(marks, points, NOW)
    assert [one.total for one in drawn] == ([20, 3] if is_drawn else [3])


def test_scores_are_said_in_words_first_and_last():
    assert scores_in_words(scored(*MEASURES)) == (
        "PHQ-9 21 to 0, 3 scores. PCL-5 (month) 52 to 28, 2 scores. PCL-5 (week) 30, 1 score. "
        "GAD-7 9, 1 score. WHO-5 80, 1 score. "
    )
    assert scores_in_words(()) == ""


def test_no_client_and_no_colleague_is_named_beside_scores():
    points = scored(*MEASURES)
    said = json.dumps(of_scores(*MEASURES)) + json.dumps(by_dose(*MEASURES))
    for name in ("Okafor", "Amara", "Ama", "K-014", "Thea", "Robin"):
        assert name not in said + scores_in_words(points)


def test_the_dark_theme_has_its_own_colors_for_scores():
    dark = json.dumps(of_scores(*MEASURES, palette=DARK))
    assert DARK.grid in dark
    assert not any(color in dark for color in (LIGHT.text, LIGHT.quiet, LIGHT.grid))


def test_what_is_kept_of_a_chart_is_how_it_looks_and_nothing_of_any_client():
    def drawn(days: int, total: int) -> dict[str, Any]:
        doses = (a_dose(-days, mg=(60 + days,)), a_dose(7))
        lines = (a_score(-days - 1, 20), a_score(-days + 1, total))
        return timeline(timeline_marks(a_page(*doses), ASKED), scored(*lines), NOW, ZONE, LIGHT)

    first = drawn(20, 11)
    kept = json.dumps(first)
    other = json.dumps(drawn(30, 12))
    for mine, theirs in (("Nov 4, 2026", "Oct 25, 2026"), ("80\\u00a0mg", "90\\u00a0mg")):
        assert (mine in kept, mine in other) == (True, False)
        assert (theirs in kept, theirs in other) == (False, True)
    assert json.dumps(first) == kept == json.dumps(drawn(20, 11))
