"""Machines: one folder per driver."""
