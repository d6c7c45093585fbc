"""Paper: a template and what it says become a PDF."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst


def pdf(template: Path, paper: Mapping[str, Any]) -> bytes:
    """The template with `paper` as its data: what somebody typed never becomes markup in it."""
    inputs = {"paper": json.dumps(paper)}
    try:
        return typst.compile(
            template, ignore_system_fonts=True, sys_inputs=inputs, pdf_standards=["ua-1"]
        )
    except typst.TypstError:
        # PDF/UA refuses a sign that no font has; one of this machine may have it.
        return typst.compile(template, sys_inputs=inputs)
