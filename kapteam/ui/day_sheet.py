"""The day on paper, from Today."""

from datetime import date, timedelta
from functools import partial

import streamlit as st

from kapteam import wording
from kapteam.actions.views import record_day_sheet
from kapteam.exchange.day_sheet import day_sheet_pdf
from kapteam.queries.day_sheet import day_sheet
from kapteam.ui.shell import Present, made_when_pressed


def day_sheets(here: Present) -> None:
    """One page for today and one for tomorrow, to be printed before the network is down."""
    tomorrow = here.today + timedelta(days=1)
    with st.popover("Day sheet", type="tertiary", icon=":material/print:", key="day_sheets"):
        for word, on in (("Today", here.today), ("Tomorrow", tomorrow)):
            st.download_button(
                f"{word}, {wording.day(on, here.today)}",
                made_when_pressed(here, partial(_sheet, on)),
                file_name=f"day-sheet-{on.isoformat()}.pdf",
                mime="application/pdf",
                key=f"day_sheet_{word}",
                on_click="ignore",
            )


def _sheet(on: date, here: Present) -> bytes:
    """The sheet of a day, on record before it is handed out."""
    sheet = here.read(day_sheet, on)
    made = day_sheet_pdf(sheet, here.asked)
    here.write(record_day_sheet, on, sheet.codes, here.now)
    return made
