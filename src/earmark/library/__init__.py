"""A person's own files: their genres suggested, written safely, and undone."""
