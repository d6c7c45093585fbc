"""What a clearance rests on, as its row keeps it."""

from kapteam.db.tables import Clearance
from kapteam.rules.evaluation import Evaluation, Finding, Trial


def evaluation_of(row: Clearance) -> Evaluation:
    """What the prescriber found before this clearance."""
    return Evaluation(
        diagnoses=tuple(row.diagnoses),
        trials=tuple(map(Trial.of, row.trials)),
        findings=tuple(map(Finding.of, row.contraindications)),
        despite_reason=row.despite_reason,
    )
