"""The client's panel."""
