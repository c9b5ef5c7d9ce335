"""Readers of bank statements: pure, from the bytes of a file to entries."""
