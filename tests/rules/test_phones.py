"""Which part of what somebody typed can be dialed."""

import pytest

from kapteam.rules.phones import with_numbers


@pytest.mark.parametrize(
    ("text", "dialed"),
    [
        ("602-555-0142", ["6025550142"]),
        ("(602) 555-0142", ["6025550142"]),
        ("602.555.0142", ["6025550142"]),
        ("+1 602 555 0142", ["+16025550142"]),
        ("+44 (0)20 7946 0018", ["+442079460018"]),
        ("911", ["911"]),
        ("mobile 602-555-0142, after five", ["6025550142"]),
        ("602-555-0142 or 480-555-0100", ["6025550142", "4805550100"]),
        ("602-555-0142, 480-555-0100", ["6025550142", "4805550100"]),
        ("602-555-0142 ext 1234", ["6025550142"]),
        ("602-555-0142 ext. 1234", ["6025550142"]),
        ("602-555-0142 x1234", ["6025550142"]),
        ("602-555-0142 #1234", ["6025550142"]),
        # Nothing that is no number is ever dialed.
        ("", []),
        ("not asked", []),
        ("ask at 12", []),
        ("unit7 2b", []),
        ("602 555 0142 480 555 0100", []),
    ],
)
def test_the_numbers_of_a_text_are_found_and_nothing_else_is_dialed(text, dialed):
    pieces = list(with_numbers(text))
    assert [one.number for one in pieces if one.number] == dialed
    assert "".join(one.text for one in pieces) == text
