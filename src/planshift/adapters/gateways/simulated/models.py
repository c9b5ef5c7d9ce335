"""State of the simulated gateway, kept in the database so that every process sees it."""
