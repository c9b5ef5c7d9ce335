"""No tables: what the simulated gateway knows travels in signed tokens, as it would in another party's system."""
