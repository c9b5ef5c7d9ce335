"""Servers on loopback that answer as the public documentation of their vendors says; their state is in memory."""
