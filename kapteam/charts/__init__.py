"""Read models as Vega charts. A chart knows doses, scores and times, never a client's name."""
