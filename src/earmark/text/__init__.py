"""Words: texts cleaned, cut into words, and counted."""
