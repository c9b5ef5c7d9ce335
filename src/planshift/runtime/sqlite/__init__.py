"""SQLite as Django speaks to it, with one difference: see `base`."""
