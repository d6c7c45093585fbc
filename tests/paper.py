"""Reading a PDF as somebody who was handed it."""

from io import BytesIO

from pypdf import PdfReader


def pages_of(pdf: bytes) -> list[str]:
    """The words of each page; a line break or a place where a long word may break is one space."""
    pages = (page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return [" ".join(page.replace("\u200b", "").split()) for page in pages]
