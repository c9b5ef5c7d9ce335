"""One module per policy dimension: one question, named answers."""
