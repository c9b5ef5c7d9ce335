"""Visitors of clients' web sites."""
