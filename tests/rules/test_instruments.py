"""Instruments: the files as shipped, and what a file may not say."""

from hashlib import sha256

import pytest

from kapteam.__main__ import main
from kapteam.errors import BadInstruments
from kapteam.instruments import SHIPPED, instruments, read_instruments
from kapteam.rules.instruments import Critical
from kapteam.vocabulary import Indication, Tone

SMALL = """
id = "small"
name = "Small"
full_name = "A small measure"
form = "2 items"
better = "lower"
minimum = 0
maximum = 6
on = false
license = "Made up for the tests."
options = [
    { value = 0, label = "Never" },
    { value = 1, label = "Rarely" },
    { value = 2, label = "Often" },
    { value = 3, label = "Always" },
]
items = [{ number = 1, text = "First" }, { number = 2, text = "Second" }]

[scoring]
rule = "sum"

[[bands]]
from = 0
to = 2
label = "Low"
source = "made up"

[[bands]]
from = 3
to = 6
label = "High"
source = "made up"

[[critical]]
item = 2
about = "something"
amber_from = 1
red_from = 2
source = "made up"

[remission]
limit = 1
baseline = 3
source = "made up"
population = "nobody"

[reliable]
points = 2
source = "made up"
population = "nobody"
"""

RESPONSE = """
[response]
percent = 30
partial_percent = 30
source = "made up"
population = "nobody"
"""


@pytest.fixture
def folder(tmp_path):
    """Writes the small measure into a folder, with some of its text replaced."""

    def written(old="", new="", name="small.toml"):
        assert old in SMALL
        (tmp_path / name).write_text(SMALL.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return written


def test_the_small_measure_is_good_as_it_is(folder):
    assert list(read_instruments(folder())) == ["small"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("from = 3\n", "from = 4\n", "a hole: 3 is in none"),
        ("to = 2\n", "to = 3\n", "overlap: 3 is in 2 of them"),
        ("from = 0\nto = 2", "from = 1\nto = 2", "a hole: 0 is in none"),
        ("to = 6\n", "to = 7\n", "outside of 0 to 6"),
        ("from = 3\nto = 6", "from = 6\nto = 3", "bands.2: a range goes from 6 to 3"),
        ('label = "High"', 'label = "Low"', "two bands are called “Low”"),
        ("value = 3, ", "value = 2, ", "two options with the value 2"),
        ("value = 3, ", "value = 0, ", "two options with the value 0"),
        ("number = 2, ", "number = 2, options = [{ value = 0 }], ", "item 2 has no two options"),
        (
            'items = [{ number = 1, text = "First" }, { number = 2, text = "Second" }]',
            "",
            "no items",
        ),
        ("maximum = 6", "maximum = 6000000000", "maximum"),
        ('"Always"', '"Often"', "two options with the label Often"),
        (', label = "Always"', "", "some have none"),
        ("value = 3, ", "value = 30, ", "options.4.value"),
        ("item = 2\n", "item = 3\n", "critical item 3 does not exist"),
        ("amber_from = 1", "amber_from = 0", "no answer, or every answer, to item 2 reaches 0"),
        ("red_from = 2", "red_from = 4", "no answer, or every answer, to item 2 reaches 4"),
        ("amber_from = 1", "amber_from = 3", "red before it is amber"),
        ("maximum = 6", "maximum = 9", "maximum is 9, but its items make 6"),
        ("minimum = 0", "minimum = 6", "minimum 6 is not below maximum 6"),
        ("number = 2", "number = 3", "numbered 1, 3"),
        (', text = "Second"', "", "some items have a text and some have none"),
        ('rule = "sum"', 'rule = "mean"', "scoring.rule"),
        ('rule = "sum"', 'rule = "sum"\ntimes = 2', "but its items make 12"),
        ('rule = "sum"', 'rule = "domains"\ndomains = [[1]]', "do not hold every item once"),
        ('rule = "sum"', 'rule = "sum"\ndomains = [[1, 2]]', "domains, but is scored by sum"),
        ('rule = "sum"', 'rule = "result"', "a result has no items"),
        ("limit = 1", "limit = 3", "the baseline of remission, 3, is not worse than 3"),
        ("limit = 1\nbaseline = 3", "limit = 7", "remission ends at 7"),
        ("points = 2", "points = 7", "more than there are"),
        ('better = "lower"', 'better = "neither"', "no rules of change"),
        ('better = "lower"', 'better = "down"', "better"),
        ("on = false", "on = false\ncolor = 3", "color: there is no such key"),
        ("points = 2", "points = 2\npercent = 5", "reliable.percent: there is no such key"),
        ('name = "Small"\n', "", "name: it is missing"),
        ("minimum = 0", 'minimum = "0"', "minimum"),
        ("minimum = 0", "minimum = 0.5", "minimum"),
        ('id = "small"', 'id = "Small one"', "id"),
        ('id = "small"', 'id = "other"', "called other.toml"),
        ("[scoring]", "[scoring", "It is not TOML"),
        (
            "[reliable]",
            '[[subscales]]\nname = "A"\nitems = [1, 9]\n[reliable]',
            "has an item 9 that does not exist",
        ),
        (
            "[reliable]",
            '[[subscales]]\nname = "A"\nitems = [1]\nneeded = 1\n[reliable]',
            "only one of needed and counted_from",
        ),
        (
            "[reliable]",
            '[[subscales]]\nname = "A"\nitems = []\n[reliable]',
            "the subscale “A” has no items",
        ),
        (
            "[reliable]",
            '[[subscales]]\nname = "A"\nitems = [2, 2]\n[reliable]',
            "the subscale “A” has item 2 twice",
        ),
        (
            "[reliable]",
            '[[subscales]]\nname = "A"\nitems = [2]\nneeded = 2\ncounted_from = 1\n[reliable]',
            "the subscale “A” needs more items than it has",
        ),
        (
            "[reliable]",
            '[[subscales]]\nname = "A"\nitems = [1]\n' * 2 + "[reliable]",
            "two subscales are called “A”",
        ),
        (
            "[remission]",
            '[[critical]]\nitem = 2\nabout = "x"\namber_from = 1\nsource = "x"\n[remission]',
            "item 2 is critical twice",
        ),
        (
            "[reliable]",
            RESPONSE + "[reliable]",
            "a partial response is not less than a response",
        ),
        (
            "[reliable]",
            '[provisional]\nlabel = "A"\nsource = "made up"\n[reliable]',
            "no subscale that is needed",
        ),
        (
            "[reliable]",
            '[[meaningful]]\nsource = "made up"\npopulation = "nobody"\n[reliable]',
            "in points or in percent",
        ),
        (
            "[reliable]",
            '[schedule]\nindications = ["cold"]\n[reliable]',
            "schedule.indications.1",
        ),
    ],
)
def test_a_file_that_must_not_be_used_says_in_a_sentence_what_is_wrong(folder, old, new, says):
    with pytest.raises(BadInstruments) as refused:
        read_instruments(folder(old, new))

    assert str(refused.value).startswith("small.toml: ")
    assert says.casefold() in str(refused.value).casefold()
    assert str(refused.value).endswith(".")


def test_every_bad_file_is_named_and_the_good_ones_are_not(folder, capsys):
    folder()
    folder("from = 3\n", "from = 4\n", name="holed.toml")
    folder("[scoring]", "[scoring", name="torn.toml")
    (folder() / "bytes.toml").write_bytes(b"\xff")

    assert main(["check-instruments", str(folder())]) == 1
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "bytes.toml",
        "holed.toml",
        "torn.toml",
    ]
    assert not said.out


def test_two_measures_of_one_name_could_not_be_told_apart_and_are_refused(folder, capsys):
    folder()
    folder('id = "small"', 'id = "twin"', name="twin.toml")

    assert main(["check-instruments", str(folder())]) == 1
    said = capsys.readouterr().err.strip()
    assert said == "twin.toml: Its name is Small, as in small.toml. Give it a name of its own."


def test_an_empty_folder_has_no_instruments_and_says_so(tmp_path, capsys):
    assert main(["check-instruments", str(tmp_path)]) == 1
    assert "no instrument in this folder" in capsys.readouterr().err


def test_the_command_says_one_line_for_each_that_is_shipped(capsys):
    assert main(["check-instruments"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(list(SHIPPED.glob("*.toml")))


@pytest.mark.parametrize(
    ("name", "items", "minimum", "maximum", "by_answers"),
    [
        ("phq-9", 9, 0, 27, True),
        ("gad-7", 7, 0, 21, True),
        ("pcl-5-month", 20, 0, 80, True),
        ("pcl-5-week", 20, 0, 80, True),
        ("audit-c", 3, 0, 12, True),
        ("qids-sr16", 16, 0, 27, True),
        ("who-5", 5, 0, 100, True),
        ("madrs", 10, 0, 60, False),
        ("c-ssrs", 0, 0, 3, False),
        ("meq-30", 0, 0, 150, False),
        ("cadss", 0, 0, 92, False),
        ("ebi", 0, 0, 100, False),
        ("dast-10", 0, 0, 10, False),
    ],
)
def test_what_is_shipped_has_its_range_and_way_of_entry(name, items, minimum, maximum, by_answers):
    one = instruments()[name]

    assert (len(one.items), one.minimum, one.maximum) == (items, minimum, maximum)
    assert one.takes_answers is by_answers


def test_all_that_is_shipped_is_in_the_table_above():
    assert len(instruments()) == 13


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("phq-9", "5d139c384c3624f1"),
        ("gad-7", "4003247f44fe4c70"),
        ("pcl-5-month", "fca279e8bbbd39ef"),
        ("pcl-5-week", "0cc1fc92725cb2ed"),
        ("audit-c", "ff121709deb85728"),
    ],
)
def test_the_wording_is_the_one_that_was_held_against_public_copies(name, digest):
    """Another wording is another instrument (decision 53): compare it anew, and give it an id."""
    one = instruments()[name]
    words = [one.asks]
    for item in (*one.items, *one.unscored):
        words += [item.text, *(option.label for option in one.options_of(item))]

    assert sha256("\n".join(words).encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize("one", instruments().values(), ids=lambda one: one.id)
def test_only_what_may_be_shipped_has_item_text(one):
    may = {"phq-9", "gad-7", "pcl-5-month", "pcl-5-week", "audit-c"}

    assert {bool(item.text) for item in one.items} == ({one.id in may} if one.items else set())
    labels = {bool(option.label) for item in one.items for option in one.options_of(item)}
    assert labels == ({one.id in may} if one.items else set())
    assert one.license


@pytest.mark.parametrize("one", instruments().values(), ids=lambda one: one.id)
def test_every_total_is_in_exactly_one_band_where_there_are_bands(one):
    for total in range(one.minimum, one.maximum + 1):
        assert sum(total in band for band in one.bands) == bool(one.bands)


def test_the_pcl_5_has_no_bands_and_one_wording_of_two_recalls():
    month, week = instruments()["pcl-5-month"], instruments()["pcl-5-week"]

    assert month.items == week.items
    assert (month.recall_days, week.recall_days) == (30, 7)
    assert not month.bands
    assert [(cut.least, cut.most) for cut in month.cuts] == [(31, 33), (45, 80)]


def test_both_cuts_of_the_audit_c_are_kept_and_nobodys_sex_is_guessed():
    cuts = instruments()["audit-c"].cuts

    assert {(cut.population, cut.least) for cut in cuts} == {("women", 3), ("men", 4)}
    assert not instruments()["audit-c"].bands


def test_rare_measures_are_off_until_a_practice_switches_them_on():
    on = {one.id for one in instruments().values() if one.is_on}

    assert on == {"phq-9", "gad-7", "pcl-5-month", "audit-c", "c-ssrs"}


def test_only_trauma_is_asked_about_with_the_pcl_5():
    schedule = instruments()["pcl-5-month"].schedule

    assert schedule.is_for([Indication.ANXIETY, Indication.COMPLEX_TRAUMA])
    assert not schedule.is_for([Indication.ANXIETY])
    assert not schedule.is_for([])
    assert instruments()["phq-9"].schedule.is_for([])


def test_rule_45_a_rising_who_5_is_a_gain_and_a_rising_phq_9_is_none():
    assert instruments()["who-5"].gain(40, 52) == 12
    assert instruments()["phq-9"].gain(12, 15) == -3


@pytest.mark.parametrize(
    ("answer", "before", "tone"),
    [
        (0, None, Tone.PLAIN),
        (0, 3, Tone.PLAIN),
        (1, None, Tone.RED),
        (1, 0, Tone.RED),
        (1, 1, Tone.AMBER),
        (1, 3, Tone.AMBER),
        (2, 3, Tone.RED),
        (2, 2, Tone.RED),
    ],
)
def test_rule_42_an_answer_is_red_when_new_rising_or_two_and_above(answer, before, tone):
    """Red new, rising, or from 2 on; known and not rising is amber; none is plain."""
    assert instruments()["phq-9"].critical[0].tone(answer, before) is tone


def test_a_level_that_is_not_reached_must_not_be_loud_however_it_rose():
    critical = Critical.model_validate_json(
        '{"item": 10, "about": "x", "amber_from": 2, "source": "x"}'
    )

    assert critical.tone(1, 0) is Tone.PLAIN
    assert critical.tone(6, 6) is Tone.AMBER


def test_a_result_of_the_c_ssrs_is_as_loud_as_its_file_says():
    tones = [band.tone for band in instruments()["c-ssrs"].bands]

    assert tones == [Tone.PLAIN, Tone.AMBER, Tone.RED, Tone.RED]


@pytest.mark.parametrize(
    ("name", "days", "overlaps"),
    [
        ("phq-9", 13, True),
        ("phq-9", 14, False),
        ("phq-9", 0, True),
        ("pcl-5-week", 7, False),
        ("c-ssrs", 0, False),
    ],
)
def test_a_recall_that_overlaps_the_last_one_is_known(name, days, overlaps):
    assert instruments()[name].recall_overlaps(days) is overlaps
