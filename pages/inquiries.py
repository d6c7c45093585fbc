"""Inquiries: who called, and what came of it."""

from kapteam.rules.permissions import check_can_book
from kapteam.ui.inquiries import draw_inquiries
from kapteam.ui.page import open_page

here = open_page("Inquiries", needs=check_can_book)
draw_inquiries(here)
