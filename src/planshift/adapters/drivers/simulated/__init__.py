"""The simulated one: for demo and fault tests."""
