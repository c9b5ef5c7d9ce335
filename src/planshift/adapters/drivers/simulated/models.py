"""State of the simulated driver, kept in the database so that every process sees it."""
