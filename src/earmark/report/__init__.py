"""Pages and figures, pure functions of what a run holds."""
