"""What is typed into the search of notes, what an index holds, and where hits stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.note_search import (
    LONGEST_SEARCH,
    MOST_WORDS,
    Search,
    Sought,
    about_author,
    about_course,
    about_kind,
    about_theme,
    contexts,
    index_text,
    read_search,
    themes_of,
    to_index,
    words_of,
)
from kapteam.rules.notes import TEMPLATES
from kapteam.vocabulary import NoteKind

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


def folded(text: str) -> list[str]:
    return [word.text for word in words_of(text)]


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("She sat, with the GRIEF.", ["she", "sat", "with", "the", "grief"]),
        ("Zoë Łukasz Straße ŒUVRE", ["zoe", "lukasz", "strasse", "oeuvre"]),
        ("Zoe\u0308", ["zoe"]),
        ("don't don’t 'quoted' boys'", ["dont", "dont", "quoted", "boys"]),
        ("self-harm 24/7 K-014", ["self", "harm", "24", "7", "k", "014"]),
        ("70mg 70 mg 2.5", ["70", "mg", "70", "mg", "2", "5"]),
        ("snake_case *bold*", ["snake", "case", "bold"]),
        ("psy\u00adcho\u200bther", ["psychother"]),
        ("שלום, נשימה", ["שלום", "נשימה"]),
        ("👩🏽‍⚕️ 🫁 -- !?", []),
        ("Ｗｉｄｅ ½ ²", ["wide", "12", "2"]),
    ],
)
def test_words_are_letters_or_digits_without_accents_case_and_apostrophes(text, words):
    assert folded(text) == words


@given(TEXTS)
def test_a_word_is_where_it_says_and_holds_no_sign_of_any_engine(text):
    at = 0
    for word in words_of(text):
        assert at <= word.start < word.end <= len(text)
        assert word.text
        assert word.text.isalnum()
        assert len(word.text) <= 64
        at = word.end


# --- what is typed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("", []),
        ("   ", []),
        ("grief", [Sought(("grief",))]),
        ("Grief  SEA", [Sought(("grief",)), Sought(("sea",))]),
        ("grief grief", [Sought(("grief",))]),
        ('"let go"', [Sought(("let", "go"))]),
        ("“let go” «the sea»", [Sought(("let", "go")), Sought(("the", "sea"))]),
        ('"let go', [Sought(("let", "go"))]),
        ('let go"', [Sought(("let",)), Sought(("go",))]),
        ("grie*", [Sought(("grie",), begun=True)]),
        ("grie**", [Sought(("grie",), begun=True)]),
        ('"the grie*"', [Sought(("the", "grie"), begun=True)]),
        ('"the grie" *', [Sought(("the", "grie"), begun=True)]),
        ("*grief", [Sought(("grief",))]),
        ("gr*ef", [Sought(("gr", "ef"))]),
        ("grief *", [Sought(("grief",))]),
        ("self-harm", [Sought(("self", "harm"))]),
        ("self-har*", [Sought(("self", "har"), begun=True)]),
        ("don’t", [Sought(("dont",))]),
        ("' OR 1=1", [Sought(("or",)), Sought(("1", "1"))]),
        ("text:grief^2", [Sought(("text", "grief", "2"))]),
        ("grief & !sea | (x)", [Sought(("grief",)), Sought(("sea",)), Sought(("x",))]),
        ("-grief", [Sought(("grief",))]),
        ("NOT", [Sought(("not",))]),
    ],
)
def test_words_phrases_and_beginnings_are_sought_and_no_sign_means_more(typed, sought):
    assert read_search(typed) == Search(tuple(sought))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('"', "no word to look for"),
        ('""', "no word to look for"),
        ("*", "no word to look for"),
        ("👩🏽‍⚕️", "no word to look for"),
        ("%_%", "no word to look for"),
        ("gr*", "at least 3 letters before *"),
        ('"let go*"', "at least 3 letters before *"),
        ("x" * (LONGEST_SEARCH + 1), "At most 200 characters"),
        (" ".join("abcdefghijk"), "At most 10 words"),
        ("a.b.c.d.e.f.g.h.i.j.k", "At most 10 words"),
    ],
)
def test_what_cannot_be_sought_is_said_in_a_sentence(typed, said):
    search = read_search(typed)

    assert search.sought == ()
    assert said in search.problem


@given(TEXTS)
def test_any_text_is_a_search_or_a_sentence(typed):
    search = read_search(typed)

    assert bool(search.sought) == (bool(typed.strip()) and not search.problem)
    assert sum(len(one.words) for one in search.sought) <= MOST_WORDS
    assert all(word.isalnum() for one in search.sought for word in one.words)


# --- what is indexed ------------------------------------------------------------------------------


def test_an_index_holds_what_a_note_is_about_and_its_words_part_by_part():
    text = index_text(
        kind=NoteKind.INTEGRATION,
        version=2,
        body={"themes": "Grief, Family", "recap": "Warm water", "check_back": "2026-11-30"},
        episode_id="0190-ab",
        author_id="0190-CD",
        added=("Mistaken lake", "It was Powell"),
    )

    words = text.split(" ")
    about = (
        about_course("0190-ab"),
        about_author("0190-cd"),
        about_kind(NoteKind.INTEGRATION),
        about_theme("Grief"),
        about_theme("Family"),
    )
    assert words[:5] == [one.words[0] for one in about]
    for said in ("warm water", "grief family", "mon nov 30 2026", "mistaken lake", "it was powell"):
        assert f" {said} " in f"{text} "
    assert "water grief" not in text
    assert "lake it" not in text
    # A label finds nothing, nor does what was not answered.
    assert not {"recap", "happened", "safety"} & set(words)


@given(TEXTS)
def test_nothing_that_is_typed_is_what_a_note_is_about(typed):
    about = {one.words[0] for one in (about_kind(NoteKind.RISK), about_theme("Grief"))}

    assert not about & set(folded(typed))
    for one in about:
        assert one not in folded(one)


THREE = ("Grief", "Of old", "the sea")


@pytest.mark.parametrize(
    ("version", "body", "themes"),
    [
        (2, {"themes": "Grief, Shame"}, ("Grief", "Shame")),
        (2, {"themes": "Shame,Grief"}, ("Grief", "Shame")),
        (2, {"themes": "Grieving"}, ()),
        (2, {}, ()),
        # Version 2 kept what else was a theme as a text.
        (2, {"themes": "Grief", "other_themes": "The sea"}, ("Grief",)),
        (3, {"themes": "Grief, Of old", "other_themes": "the sea; GRIEF"}, THREE),
        (3, {"other_themes": "🌊"}, ("🌊",)),
        (3, {}, ()),
        # Version 1 had words of one's own.
        (1, {"themes": "Grief, Shame"}, ()),
    ],
)
def test_themes_are_those_that_were_picked_and_those_that_were_added(version, body, themes):
    assert themes_of(NoteKind.INTEGRATION, version, body) == themes


@pytest.mark.parametrize(("kind", "version"), TEMPLATES)
def test_every_version_of_every_kind_can_be_indexed_also_without_its_fields(kind, version):
    text = index_text(
        kind=kind,
        version=version,
        body={"of a field that it never had": "Lost"},
        episode_id="e",
        author_id="a",
        added=(),
    )

    assert "lost" not in text


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Grief", "GRIEF", True),
        ("Café", "cafe", True),
        ("The sea", "the  sea", True),
        ("Grief", "Grieving", False),
        ("*", "**", False),
        ("🌊", "🌋", False),
        ("x" * 8_000, "x" * 9_000, True),
    ],
)
def test_a_theme_is_the_same_whatever_its_case_and_accents(one, other, alike):
    assert (about_theme(one) == about_theme(other)) is alike
    (word,) = about_theme(one).words
    assert 5 < len(word.encode()) < 1_300


def test_the_end_of_a_text_beyond_what_an_engine_takes_is_left_out():
    many = to_index((), ["first", "word " * 20_000, "last"]).split(" ")
    large = to_index((), [" ".join(f"{'長' * 60}{chr(0x4E00 + at)}" for at in range(9_000))])

    assert (many[1], len(many)) == ("first", 16_000)
    assert len(large.encode()) < 2**20


# --- where hits stand -----------------------------------------------------------------------------


def marked(parts, typed):
    return [
        (one.label, "".join(f"[{each.text}]" if each.is_hit else each.text for each in one.pieces))
        for one in contexts(parts, read_search(typed))
    ]


FAR = "and so on, day after day, with nothing that anybody would look for; " * 3


@pytest.mark.parametrize(
    ("parts", "typed", "said"),
    [
        ([("What", "The Grief.")], "grief", [("What", "The [Grief].")]),
        ([("What", "Zoë’s café")], "zoes cafe", [("What", "[Zoë’s] [café]")]),
        ([("What", "Let go, let it go")], '"let go"', [("What", "[Let go], let it go")]),
        ([("What", "grief, grieving")], "grie*", [("What", "[grief], [grieving]")]),
        ([("What", "Gave 70 mg")], "70mg", [("What", "Gave [70 mg]")]),
        # Each thing is shown once, where it stands first.
        ([("A", "the sea"), ("B", "the sea, the sky")], "sea", [("A", "the [sea]")]),
        (
            [("A", "the sea"), ("B", "the sea, the sky")],
            "sea sky",
            [("A", "the [sea]"), ("B", "the [sea], the [sky]")],
        ),
        # Things that overlap are marked once.
        ([("A", "let go now")], '"let go" "go now"', [("A", "[let go now]")]),
        ([("A", "nothing of it")], "sea", []),
        ([("A", "👩🏽‍⚕️"), ("B", "Went for a walk")], "", [("B", "Went for a walk")]),
    ],
)
def test_hits_stand_in_their_context(parts, typed, said):
    assert marked(parts, typed) == said


def test_a_long_text_is_cut_between_words_around_the_hit():
    [(_, said)] = marked([("A", f"{FAR}the sea {FAR}")], "sea")

    before, _, after = said.partition("[sea]")
    assert before.startswith("… ")
    assert after.endswith(" …")
    assert len(before) < 90 > len(after)
    assert before.removeprefix("… ").split()[0] in FAR.split()


def test_at_most_three_places_are_shown_and_each_is_about_something_new():
    text = f"one {FAR} two {FAR} three {FAR} four"

    said = [text for _, text in marked([("A", text)], "one two three four")]

    assert len(said) == 3
    assert [word for text in said for word in text.split() if word.startswith("[")] == [
        "[one]",
        "[two]",
        "[three]",
    ]


@given(TEXTS, TEXTS)
def test_whatever_is_shown_stands_in_the_text_to_the_letter(text, typed):
    for search in (read_search(typed), read_search(text[:60])):
        for one in contexts([("A", text)], search):
            pieces = [piece.text for piece in one.pieces if piece.text not in {"… ", " …"}]
            assert "".join(pieces) in text
            for piece in one.pieces:
                assert not piece.is_hit or folded(piece.text)


@given(st.lists(st.sampled_from(["grief", "Zoë", "70mg", "don’t", "the"]), min_size=1, max_size=5))
def test_what_stands_in_a_text_is_shown_when_it_is_sought(words):
    text = f"{FAR} {' '.join(words)} {FAR}"

    [one] = contexts([("A", text)], read_search(f'"{" ".join(words)}"'))

    hit = "".join(piece.text for piece in one.pieces if piece.is_hit)
    assert hit.startswith(words[0])
