"""Planshift: mid-term changes of hosting services."""
