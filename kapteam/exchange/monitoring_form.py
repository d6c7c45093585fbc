"""The Spravato monitoring form of one session on paper, US Letter, a PDF.

What somebody typed goes to the template as data, so that nothing of it can become markup.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from kapteam import wording
from kapteam.exchange.printing import pdf
from kapteam.queries.spravato import SpravatoRecord
from kapteam.queries.standing import Asked
from kapteam.rules.monitoring_form import Part, fill

_TEMPLATE = Path(__file__).with_name("monitoring_form.typ")


@dataclass(frozen=True, slots=True)
class FormPaper:
    """Every word of the page, in order. The title, which stands in the file, names nobody."""

    title: str
    about: str
    printed: str
    parts: tuple[Part, ...]
    missing: str
    record: str


def monitoring_form_pdf(record: SpravatoRecord, asked: Asked, state: str = "") -> bytes:
    """The form as a PDF: one page, or as many as what was recorded needs.

    `state` stands at the foot: that of the signed records it was made from.
    """
    return pdf(_TEMPLATE, asdict(form_paper(record, asked, state)))


def form_paper(record: SpravatoRecord, asked: Asked, state: str = "") -> FormPaper:
    """The words of the page."""
    zone = asked.practice.zone
    filled = fill(record.definition, record.facts, asked.now, zone)
    printed = f"{wording.day(asked.today, asked.today)}, {wording.zoned_time(asked.now, zone)}"
    return FormPaper(
        title="Spravato monitoring form",
        about=(
            f"Content of the REMS patient monitoring form, version {filled.definition.version} in "
            "kapteam. To be entered online or sent by fax within seven days of the session."
        ),
        printed=f"{asked.practice.name}, printed {printed}",
        parts=filled.parts,
        missing=f"Still missing: {', '.join(filled.missing)}." if filled.missing else "",
        record=state,
    )
