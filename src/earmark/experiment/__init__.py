"""One recipe from data to report: what `earmark train`, `evaluate` and `report` call."""
