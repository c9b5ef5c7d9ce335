"""The integrator's REST API."""
