"""A risk note in a real browser: begun on the client, kept at every pause, signed, found again."""

from datetime import timedelta

from playwright.sync_api import expect

from tests.accounts.people import PASSWORD
from tests.browser.conftest import TabOf
from tests.browser.hands import (
    fill_day,
    fill_field,
    go_to,
    open_at,
    press,
    tick,
    unfold,
    wait_for_run,
)
from tests.browser.saves import its_client
from tests.factories import TODAY
from tests.factories_care import Care

SEEN, TOLD = "What was seen or said (required)", "Who was told"
SAID = "They would be better off"


def test_a_risk_note_from_the_client_to_the_colleague_s_screen(own: Care, tab_of: TabOf) -> None:
    page, colleague = tab_of(own.therapist), tab_of(own.prescriber)
    open_at(page, its_client(own))
    press(page, "Risk note")
    fill_field(page, SEEN, SAID)
    fill_field(page, TOLD, "Robin")
    open_at(colleague, its_client(own))
    expect(colleague.get_by_text("Draft, Thea Tallis")).to_be_visible()
    expect(colleague.get_by_text(SAID)).to_have_count(0)

    # What was typed before stays while the note begins to ask for more.
    tick(page, "High")
    expect(page.get_by_label(f"{TOLD} (required)", exact=True)).to_have_value("Robin")
    fill_field(page, f"{TOLD} (required)", "Robin, by phone")
    fill_field(page, "Why (required)", "A plan for tonight")
    page.reload()
    wait_for_run(page)
    expect(page.get_by_label(SEEN, exact=True)).to_have_value(SAID)
    fill_field(page, "Plan until the next contact (required)", "Ana stays with her")
    press(page, "Sign …")
    expect(page.get_by_text("Choose “Look again on” before signing.")).to_be_visible()
    press(page, "Back to the note")
    fill_day(page, "Look again on (required)", TODAY + timedelta(days=1))
    press(page, "Sign …")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign the risk note")
    page.get_by_label("Your password").fill(PASSWORD)
    press(page, "Sign and lock")
    expect(page.get_by_text("Signed and locked")).to_be_visible()

    go_to(colleague, its_client(own))
    expect(colleague.get_by_text("Suicide risk: High").first).to_be_visible()
    unfold(colleague, "The whole note")
    press(colleague, "Add to it")
    unfold(colleague, "Add to this note")
    expect(colleague.get_by_label("What to add", exact=True)).to_be_visible()
