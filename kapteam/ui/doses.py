"""The dose of a ketamine session as it is typed: mg per kg, and what of it is doubtful."""

from collections.abc import Callable

import streamlit as st

from kapteam import wording
from kapteam.actions.weights import WeightEntered, far_from, record_weight, void_weight
from kapteam.queries.weights import WeightLine
from kapteam.rules.ceiling import Ceiling, CeilingGap, above_plan, ceiling_gap
from kapteam.rules.dosing import MayAdd
from kapteam.rules.permissions import can_record_session
from kapteam.rules.plausibility import DoseBounds, Doubt, doubt_dose, needs_weight, per_kg
from kapteam.rules.weights import differs
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.rows import phrase, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.vocabulary import ProductRoute, Tone
from kapteam.wording import Phrase


def draw_weight(
    here: Present, weight: WeightLine | None, product_route: ProductRoute, client_id: str
) -> None:
    """What the client weighed last and when, and the forms to weigh again or take it back."""
    with st.container(horizontal=True, vertical_alignment="center", key="weight"):
        words(quiet("Weight"))
        phrase(_weight(here, weight, product_route))
        if not can_record_session(here.viewer):
            return
        with st.popover("Weigh", width="content"):
            _weigh(here, weight, client_id)
        if weight:
            with st.popover("Wrong weight", width="content"):
                st.markdown("It stays in the audit log and counts no more.")
                Form(here, "void_weight", weight.id).save(
                    "Mark the weight as entered in error",
                    void_weight,
                    lambda: weight.id,
                    kind="secondary",
                )


def _weight(here: Present, weight: WeightLine | None, product_route: ProductRoute) -> Phrase:
    loud = Tone.AMBER if needs_weight(product_route) else Tone.PLAIN
    icon = "error" if loud is Tone.AMBER else ""
    if weight is None:
        return Phrase("not recorded, so mg per kg is not known", loud, icon)
    said = f"{wording.weight(weight.grams)}, {wording.day(weight.measured_on, here.today)}"
    if weight.is_good:
        return Phrase(said)
    return Phrase(f"{said}: weigh again, it is older than 90 days or this series", loud, icon)


def _weigh(here: Present, weight: WeightLine | None, client_id: str) -> None:
    form = Form(here, "weight", client_id, makes=unused_id(here, "new_weight"))
    form.line("weight", "Weight", hint="82.5 kg or 182 lb", width=220)
    form.day("measured_on", "Weighed on", here.today, past=True)
    grams = read_field(form, "weight", wording.read_weight)
    if weight and grams and differs(grams, weight.grams):
        phrase(Phrase(far_from(weight.grams, weight.measured_on, here.today), Tone.AMBER, "error"))
        form.check("is_sure", "This weight is right")
    form.save(
        "Save the weight",
        record_weight,
        lambda: form.entered(
            WeightEntered,
            id=form.makes,
            client_id=client_id,
            is_sure=bool(form.value("is_sure")),
        ),
    )


def dose_fields(
    form: Form,
    weight: WeightLine | None,
    product_route: ProductRoute | None,
    bounds: DoseBounds,
    *,
    label: str,
    ordered_ug: int | None = None,
    may_add: MayAdd | None = None,
    reason: str = "",
    is_first: bool,
    ceiling: Ceiling | None,
    above_reason: str = "",
    ask: str,
) -> None:
    """The dose and what may be added, and beside them what the order will be asked (rule 32).

    `ask` is whom one asks for a dose above the ceiling; empty for who may order one and says why.
    """
    form.line("mg", label, typed_mg(ordered_ug), width=260)
    _may_add_fields(form, may_add)
    ug = read_field(form, "mg", wording.read_mg)
    if not ug or product_route is None:
        return
    grams = weight.grams if weight else None
    if weight:
        figure = wording.mg_per_kg(per_kg(ug, weight.grams))
        words(f"**{plain(figure)}** {quiet(f'at {wording.weight(weight.grams)}')}")
    added_ug = read_field(form, "may_add", wording.read_mg)
    total_ug = ug + (added_ug or 0)
    if above := above_plan(ceiling, total_ug, grams):
        is_above = ceiling_gap(ceiling, total_ug, grams) is CeilingGap.ABOVE
        whom = f" Ask {ask}, who may order more." if ask and is_above else ""
        phrase(Phrase(f"{above}{whom}", Tone.RED, "error"))
        if is_above and not ask:
            form.line("ceiling_reason", "Why above the ceiling", above_reason)
    found = doubt_dose(ug, added_ug, product_route, grams, bounds, is_first=is_first)
    if found is None:
        return
    tone = Tone.RED if found.doubt is Doubt.TYPO else Tone.AMBER
    phrase(Phrase(found.sentence, tone, "error"))
    if found.doubt is Doubt.SAY_WHY:
        form.line("order_reason", "Why this dose", reason)


def _may_add_fields(form: Form, kept: MayAdd | None) -> None:
    """What may be added once, and once there is something, from and to when."""
    with st.container(horizontal=True, gap="small"):
        form.line(
            "may_add",
            "May be added once, mg (empty: nothing)",
            typed_mg(kept.ug if kept else None),
            width=320,
        )
        if not form.value("may_add"):
            return
        for field, label, minutes in (
            ("may_add_from", "Not before, min after the dose", kept and kept.from_minutes),
            ("may_add_to", "Not after, min after the dose", kept and kept.to_minutes),
        ):
            form.line(field, label, str(minutes or ""), width=220)


def read_field(form: Form, field: str, reader: Callable[[str], int]) -> int | None:
    """What a field says now; None while it says nothing that can be read."""
    try:
        return reader(form.value(field) or "")
    except ValueError:
        return None


def typed_mg(ug: int | None) -> str:
    """Micrograms as a field starts from them: `70`, empty for none."""
    return wording.mg(ug).removesuffix("mg").strip() if ug else ""
