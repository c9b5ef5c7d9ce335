"""Which installation is this? Settings, environment, wiring, URLs."""
