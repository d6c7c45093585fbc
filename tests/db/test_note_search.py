"""Search in signed notes, on both engines: what finds them, and whose are never found."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kapteam.actions import notes
from kapteam.actions.notes import AddendumEntered, AmendmentEntered, NoteEntered, NoteErrorEntered
from kapteam.db import note_index
from kapteam.db.engine import Database
from kapteam.db.tables import EpisodeMember, NoteWords
from kapteam.errors import NotAllowed
from kapteam.ids import new_id
from kapteam.queries import note_search
from kapteam.queries.note_search import NotesFound, NotesWanted, note_authors, search_notes
from kapteam.queries.notes import signing_page
from kapteam.rules.note_search import LONGEST_SEARCH, MOST_WORDS
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import NoteKind
from tests.factories import NOW, a_clinician, an_absence, an_emergency
from tests.factories_care import Care, a_cared_for_client, another_course
from tests.factories_notes import a_written_note
from tests.query_recorder import recorded_statements

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def care(database: Database) -> Care:
    return a_cared_for_client(database)


def found(
    care: Care, typed: str = "", by: Viewer | None = None, before: int | None = None, **wanted
) -> NotesFound:
    asked = care.asked_by(by or care.therapist)
    with care.database.reading() as db:
        return search_notes(db, asked, NotesWanted(typed, **wanted), before)


def ids(care: Care, typed: str = "", by: Viewer | None = None, **wanted) -> list[str]:
    return [one.note.id for one in found(care, typed, by, **wanted).found]


def hits(one) -> list[str]:
    return [piece.text for context in one.contexts for piece in context.pieces if piece.is_hit]


# Words


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("She sat with the grief.", "grief"),
        ("She sat with the grief.", "GRIEF sat"),
        ("She sat with the grief.", '"the grief"'),
        ("She sat with the grief.", "“with the grief”"),
        ("She sat with the grief.", "grie*"),
        ("She sat with the grief.", '"with the grie*"'),
        ("She sat with the grief.", '"with the grie" *'),
        ("Zoë met Łukasz at a café", "zoe lukasz cafe"),
        ("Zoe\u0308 met Lukasz", "zoë łukasz"),
        ("Don’t push", "don't"),
        ("Don't push", "dont"),
        ("Asked about self-harm", "self-harm"),
        ("Asked about self harm", "self-harm"),
        ("Gave 70 mg", "70mg"),
        ("Gave 70mg", '"70 mg"'),
        ("Call 24/7, ref K-014", "24/7 k014"),
        ("שלום, נשימה ראשונה", "נשימה"),
        ("Ｗｉｄｅ field", "wide"),
        ("Straße", "strasse"),
        ("1e5 mg and 2.50", "1e5 2.50"),
        ("mail a.b@c.example or www.x.y/z?q=1", "a.b@c.example www.x.y/z"),
    ],
)
def test_a_note_is_found_by_its_words(care, text, typed):
    a_written_note(care, "Nothing of the kind.")
    note_id = a_written_note(care, text)

    result = found(care, typed)

    assert [one.note.id for one in result.found] == [note_id]
    assert result.older is None
    assert hits(result.found[0])


@pytest.mark.parametrize(
    "typed",
    [
        "grieving",
        "gri",
        "grief joy",
        '"grief the"',
        '"the with"',
        "rief",
        # Of one field and the next.
        '"grief of"',
    ],
)
def test_a_note_is_not_found_by_other_words(care, typed):
    a_written_note(
        care, kind=NoteKind.DECISION, decided="She sat with the grief", why="Of her mother"
    )

    assert ids(care, typed) == []


def test_labels_and_the_heading_find_nothing(care):
    a_written_note(care, kind=NoteKind.DECISION, decided="Go on", why="It helps")

    for typed in ('"what was decided"', care.client.code, "Thea", "written by"):
        assert ids(care, typed) == [], typed


@pytest.mark.parametrize(
    "typed",
    [
        '"',
        "*",
        '""',
        "' OR 1=1",
        "👩🏽‍⚕️",
        "NEAR(grief, 2)",
        "text:grief",
        "grief AND NOT",
        "grief & !x | (",
        "-grief ^grief",
        "\\'; DROP TABLE note; --",
        "a:* <-> b",
        "\x00",
        "\ue000 \ue001kindgeneral",
        "\ud800",
        "x" * LONGEST_SEARCH,
        "x" * (LONGEST_SEARCH + 1),
        "x " * (MOST_WORDS + 1),
        "%_%",
    ],
)
def test_whatever_is_typed_is_answered_and_matches_nothing_by_its_signs(care, typed):
    a_written_note(care, "Went for a walk.")

    result = found(care, typed)

    assert result.found == ()


def test_any_text_at_all_is_a_valid_search_and_finds_what_says_it(database):
    care = a_cared_for_client(database)
    asked = care.asked_by(care.therapist)
    a_written_note(care, "Something else")

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.text(max_size=60), st.sampled_from(["", "*", '"']))
    def search(typed, sign):
        with database.reading() as db:
            result = search_notes(db, asked, NotesWanted(f"{sign}{typed}{sign}"))
            assert result.problem or isinstance(result.found, tuple)

    @settings(max_examples=40, deadline=None, database=None)
    @given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40))
    def written(said):
        note_id = a_written_note(care, f"first {said} last")
        quoted = said.replace('"', " ").replace("*", " ")
        result = found(care, f'"first {quoted} last"')
        if not result.problem:
            assert note_id in [one.note.id for one in result.found]
            assert hits(next(one for one in result.found if one.note.id == note_id))

    search()
    written()


def test_nothing_typed_finds_nothing_and_is_no_problem(care):
    a_written_note(care, "Grief")

    assert found(care) == found(care, "   ") == NotesFound()


# Filters


def test_each_filter_leaves_what_it_says(care):
    with care.database.writing() as db:
        other = another_course(db, care, "Other")
    hers = a_written_note(care, "The sea again")
    his = a_written_note(care, "The sea again", by=care.prescriber, signed_at=NOW - DAY)
    about_other = a_written_note(care, "The sea again", course=other, signed_at=NOW - 2 * DAY)
    risk = a_written_note(
        care, kind=NoteKind.RISK, seen="Walked into the sea", signed_at=NOW - 3 * DAY
    )
    themes = a_written_note(
        care,
        kind=NoteKind.INTEGRATION,
        version=2,
        themes="Grief, Family",
        recap="The sea",
        signed_at=NOW - 4 * DAY,
    )
    assert ids(care, "sea") == [hers, his, about_other, risk, themes]

    for wanted, left in (
        ({"author_id": care.prescriber.clinician_id}, [his]),
        ({"client": "Other"}, [about_other]),
        ({"client": care.client.code}, [hers, his, risk, themes]),
        ({"kind": NoteKind.RISK}, [risk]),
        ({"theme": "Family"}, [themes]),
        ({"theme": "Shame"}, []),
        ({"from_on": date(2026, 11, 23)}, [hers, his]),
        ({"until_on": date(2026, 11, 22)}, [about_other, risk, themes]),
        ({"from_on": date(2026, 11, 22), "until_on": date(2026, 11, 22)}, [about_other]),
        (
            {
                "kind": NoteKind.GENERAL,
                "client": "okafor",
                "author_id": care.therapist.clinician_id,
            },
            [hers],
        ),
    ):
        assert ids(care, "sea", **wanted) == left, wanted
        assert ids(care, "", **wanted) == left, wanted
        assert ids(care, "mountain", **wanted) == [], wanted


def test_a_theme_that_was_typed_is_a_word_and_not_the_filter_s(care):
    old = a_written_note(care, kind=NoteKind.INTEGRATION, version=1, themes="Grief, her own")

    assert ids(care, "grief") == [old]
    assert ids(care, theme="Grief") == []


@pytest.mark.parametrize(
    ("theme", "is_found"),
    [
        ("Grief", True),
        ("Of a list of old", True),
        ("THÉ SEA", True),
        ("🌊", True),
        ("*", True),
        ("Shame", False),
        ("sea", False),
        ("🌋", False),
        ("' OR 1=1", False),
        ("x" * 9_000, False),
    ],
)
def test_the_filter_finds_what_was_picked_and_what_its_author_added(care, theme, is_found):
    note = a_written_note(
        care,
        kind=NoteKind.INTEGRATION,
        version=3,
        themes="Grief, Of a list of old",
        other_themes="The sea, 🌊; *",
    )

    assert ids(care, theme=theme) == ([note] if is_found else [])


def test_a_day_is_the_practice_s(care):
    """In Phoenix it is Mon Nov 23 until 7:00 am UTC on Tuesday."""
    late = a_written_note(care, "Late", signed_at=datetime(2026, 11, 24, 6, 59, 59, tzinfo=UTC))
    early = a_written_note(care, "Early", signed_at=datetime(2026, 11, 24, 7, 0, tzinfo=UTC))

    assert ids(care, until_on=date(2026, 11, 23)) == [late]
    assert ids(care, from_on=date(2026, 11, 24)) == [early]


# Who may read what


def test_what_one_may_not_read_is_not_found(care):
    a_written_note(care, "The river")
    with care.database.writing() as db:
        theirs = another_course(
            db, care, "Theirs", prescriber=care.stranger, therapist=care.stranger
        )
    of_stranger = a_written_note(care, "The river too", course=theirs, by=care.stranger)

    assert len(ids(care, "river", care.prescriber)) == 1
    assert len(ids(care, "river", care.nurse)) == 1
    assert ids(care, "river", care.stranger) == [of_stranger]
    for wanted in ({"client": care.client.code}, {"kind": NoteKind.GENERAL}, {"client": "Okafor"}):
        assert ids(care, "", care.stranger, **wanted) in ([], [of_stranger])
    assert ids(care, "river", care.stranger, author_id=care.therapist.clinician_id) == []


def test_the_front_desk_finds_nothing_ever_though_it_sees_every_client(care):
    a_written_note(care, "The river")
    assert care.asked_by(care.front_desk).viewer.sees_everyone

    for query in (
        lambda: found(care, "river", care.front_desk),
        lambda: found(care, "", care.front_desk),
    ):
        with pytest.raises(NotAllowed):
            query()
    with care.database.reading() as db, pytest.raises(NotAllowed):
        note_authors(db, care.asked_by(care.front_desk))


def test_who_left_a_course_finds_what_they_wrote_themselves_and_nothing_else_of_it(care):
    own = a_written_note(care, "The river")
    a_written_note(care, "The river, seen by him", by=care.prescriber)
    with care.database.writing() as db:
        for member in db.query(EpisodeMember).filter_by(clinician_id=care.therapist.clinician_id):
            member.until_at = NOW - HOUR

    assert ids(care, "river") == ids(care, client="Okafor") == [own]


def test_who_covers_and_who_opened_in_an_emergency_find_what_they_may_read(care):
    note_id = a_written_note(care, "The river")
    assert ids(care, "river", care.stranger) == []
    with care.database.writing() as db:
        an_absence(db, care.therapist, care.therapist, cover=care.stranger)
    assert ids(care, "river", care.stranger) == [note_id]

    with care.database.writing() as db:
        another = a_clinician(db, *care.stranger.functions, name="Ellis Elsewhere")
        an_emergency(db, care.client, another)
    assert ids(care, "river", another) == [note_id]


def test_no_word_of_a_draft_is_found_not_even_by_its_author(care):
    note_id = care.do(
        notes.start_note, care.therapist, NoteEntered(new_id(), NoteKind.GENERAL, care.course.id)
    )
    care.do(notes.save_draft, care.therapist, note_id, "text", "A waterfall", 0)

    for who in (care.therapist, care.prescriber):
        assert ids(care, "waterfall", who) == []
        assert ids(care, "", who, kind=NoteKind.GENERAL) == []


# What happens to a note


def a_note_signed_by_hand(care: Care, said: str, now: datetime = NOW) -> str:
    entered = NoteEntered(new_id(), NoteKind.GENERAL, care.course.id)
    note_id = care.do(notes.start_note, care.therapist, entered, now=now)
    care.do(notes.save_draft, care.therapist, note_id, "text", said, 0, now=now)
    asked = care.asked_by(care.therapist, now)
    with care.database.reading() as db:
        seen = signing_page(db, asked, note_id).digest
    care.do(notes.sign_note, care.therapist, note_id, seen, now=now)
    return note_id


def test_signed_amended_added_to_it_is_found_by_all_of_it_and_still_when_in_error(care):
    note_id = a_note_signed_by_hand(care, "Went to the waterfall.")
    assert ids(care, "waterfall", care.prescriber) == [note_id]

    amendment = AmendmentEntered(new_id(), note_id, "Mistaken lake", "It was Lake Powell.")
    care.do(notes.amend_note, care.therapist, amendment)
    addendum = AddendumEntered(new_id(), note_id, "Her brother confirms.")
    care.do(notes.add_addendum, care.prescriber, addendum)

    for typed in ("waterfall", "mistaken", "powell", "brother", "waterfall brother"):
        assert ids(care, typed) == [note_id], typed
    # One thing and the next are no phrase.
    assert ids(care, '"lake it"') == []
    (one,) = found(care, "powell brother").found
    assert [context.label for context in one.contexts] == ["Amended", "Added"]
    assert one.note.voided_at is None

    care.do(notes.void_note, care.therapist, NoteErrorEntered(note_id, "Wrong client"))

    (one,) = found(care, "powell").found
    assert one.note.voided_at == NOW
    # The very same press again adds nothing to the index.
    assert len(care_rows(care)) == 1


def care_rows(care: Care) -> list[NoteWords]:
    with care.database.reading() as db:
        return list(db.query(NoteWords).order_by(NoteWords.number))


def test_the_newest_stands_first_also_of_those_signed_in_one_second(care):
    written = [a_written_note(care, f"The sea {number}") for number in range(4)]
    older = a_written_note(care, "The sea before", signed_at=NOW - DAY)

    assert ids(care, "sea") == [*reversed(written), older]
    assert len({one.number for one in care_rows(care)}) == 5


def test_twenty_are_a_page_and_the_next_one_goes_on_where_it_ended(care):
    written = [
        a_written_note(care, "The sea", signed_at=NOW - number * HOUR) for number in range(45)
    ]
    pages, before = [], None
    for _ in range(3):
        page = found(care, "sea", before=before)
        pages.append([one.note.id for one in page.found])
        before = page.older
    assert pages == [written[:20], written[20:40], written[40:]]
    assert before is None


@pytest.mark.parametrize("typed", ["sea", '"the sea"', "sea*", ""])
def test_it_takes_as_many_statements_for_twenty_notes_as_for_one(care, typed):
    def statements() -> int:
        asked = care.asked_by(care.therapist)
        with recorded_statements(care.database.engine) as ran, care.database.reading() as db:
            search_notes(db, asked, NotesWanted(typed, kind=NoteKind.GENERAL))
        return len(ran)

    a_written_note(care, "The sea")
    few = statements()
    for _ in range(30):
        with care.database.writing() as db:
            course = another_course(db, care, "Another")
        a_written_note(care, "The sea", course=course)

    assert statements() == few == 3


def test_the_words_of_a_very_long_note_are_taken_as_far_as_they_are_indexed(care):
    said = " ".join(f"w{number}x" for number in range(20_000))
    note_id = a_written_note(care, f"beginning {said} ending")

    assert ids(care, "beginning") == [note_id]
    assert ids(care, "ending") == []


def test_a_word_as_long_as_can_be_is_taken_by_both_engines(care):
    note_id = a_written_note(care, "長" * 8_000)

    assert ids(care, "長" * 100) == [note_id]


def test_the_authors_are_those_who_wrote_something(care):
    assert dict(_authors(care)) == {}
    a_written_note(care, "The sea", by=care.prescriber)

    assert list(_authors(care)) == [care.prescriber.clinician_id]


def _authors(care: Care):
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        return note_authors(db, asked)


def test_sqlite_finds_its_index_whole_and_says_so(sqlite_database):
    care = a_cared_for_client(sqlite_database)
    a_note_signed_by_hand(care, "Went to the waterfall.")

    with sqlite_database.writing() as db:
        db.execute(text("INSERT INTO note_fts (note_fts, rank) VALUES ('integrity-check', 1)"))


# Of more courses than are named, for which PostgreSQL has several ways

WAYS = {"few have it": (2_000, 10_000), "many have it": (0, 10_000), "many, as it guesses": (1, 0)}


@pytest.fixture(params=WAYS)
def _many_courses(request, monkeypatch):
    few, too_many = WAYS[request.param]
    monkeypatch.setattr(note_search, "_MOST_COURSES", 0)
    monkeypatch.setattr(note_index, "_FEW", few)
    monkeypatch.setattr(note_index, "_TOO_MANY", too_many)


@pytest.mark.usefixtures("_many_courses")
@pytest.mark.parametrize(
    "situation",
    [
        test_what_one_may_not_read_is_not_found,
        test_each_filter_leaves_what_it_says,
        test_a_day_is_the_practice_s,
        test_who_left_a_course_finds_what_they_wrote_themselves_and_nothing_else_of_it,
        test_who_covers_and_who_opened_in_an_emergency_find_what_they_may_read,
        test_twenty_are_a_page_and_the_next_one_goes_on_where_it_ended,
    ],
)
def test_with_more_courses_than_are_named_it_is_the_same(care, situation):
    situation(care)


@pytest.mark.usefixtures("_many_courses")
@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ('"the sea again"', True),
        ('"the sea aga*"', True),
        ("sea aga*", True),
        ('"again the sea"', False),
        ('"the again"', False),
        ('"the sea" mountain', False),
    ],
)
def test_of_many_courses_a_phrase_is_found_where_its_words_stand_together(care, typed, is_found):
    note_id = a_written_note(care, "The sea again")
    a_written_note(care, "The mountain again")

    assert ids(care, typed) == ([note_id] if is_found else [])


@pytest.mark.usefixtures("_many_courses")
def test_of_many_courses_it_takes_at_most_six_statements(care):
    a_written_note(care, "The sea again")
    asked = care.asked_by(care.therapist)
    with recorded_statements(care.database.engine) as ran, care.database.reading() as db:
        assert search_notes(db, asked, NotesWanted('"the sea"')).found

    assert len(ran) <= 6


@pytest.fixture
def of_ten(postgresql_database, monkeypatch):
    """Ten notes, an hour apart, of which PostgreSQL looks through three at a time."""
    monkeypatch.setattr(note_search, "_MOST_COURSES", 0)
    monkeypatch.setattr(note_search, "_NEWEST", 3)
    care = a_cared_for_client(postgresql_database)
    said = ["The river", *["The lake"] * 6, *["The sea"] * 3]
    written = [
        a_written_note(care, text, signed_at=NOW - number * HOUR)
        for number, text in enumerate(said)
    ]
    return care, written


def test_what_many_have_is_looked_for_some_notes_at_a_time_and_it_says_back_to_when(
    of_ten, monkeypatch
):
    care, written = of_ten
    monkeypatch.setattr(note_index, "_FEW", 0)
    pages, before = [], None
    for _ in range(4):
        page = found(care, "sea", before=before)
        pages.append(([one.note.id for one in page.found], page.looked_back_to))
        before = page.older

    assert pages == [
        ([], NOW - 2 * HOUR),
        ([], NOW - 5 * HOUR),
        (written[7:9], NOW - 8 * HOUR),
        (written[9:], None),
    ]
    assert before is None


def test_what_few_have_is_found_however_far_back(of_ten):
    care, written = of_ten

    page = found(care, "sea")

    assert [one.note.id for one in page.found] == written[7:]
    assert (page.older, page.looked_back_to) == (None, None)


def test_a_page_that_is_full_says_nothing_of_how_far_it_looked(of_ten, monkeypatch):
    care, written = of_ten
    monkeypatch.setattr(note_index, "_FEW", 0)
    monkeypatch.setattr(note_search, "PAGE", 1)

    page = found(care, "the")

    assert [one.note.id for one in page.found] == written[:1]
    assert page.older is not None
    assert page.looked_back_to is None


def test_of_a_time_that_was_chosen_it_begins_with_its_newest(of_ten, monkeypatch):
    care, written = of_ten
    a_written_note(care, "The sea", signed_at=NOW - 3 * DAY)
    monkeypatch.setattr(note_index, "_FEW", 0)

    page = found(care, "sea", until_on=date(2026, 11, 22))

    assert len(page.found) == 1
    assert page.found[0].note.id not in written
    assert page.looked_back_to is None
