"""What is counted: exactly the rows that are shown, and every client once."""

from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.counting import by_client, showing

ROWS = st.lists(st.tuples(st.integers(), st.frozensets(st.sampled_from("abc"))))


@given(ROWS, st.sampled_from("abc"))
def test_rule_73_a_count_is_the_number_of_exactly_its_rows(rows, show):
    shown = showing(rows, show, lambda row: row[1])
    assert list(shown) == [row for row in rows if show in row[1]]
    assert showing(shown, show, lambda row: row[1]) == shown


@given(st.lists(st.tuples(st.sampled_from(["amara", "bela", "cleo"]), st.integers())))
def test_rule_14_whoever_has_two_courses_is_one_client_with_both(courses):
    together = by_client(courses, lambda course: course[0])
    assert len(together) == len({client for client, _ in courses})
    assert sorted(one for found in together for one in found) == sorted(courses)
    assert all(len({client for client, _ in found}) == 1 for found in together)
