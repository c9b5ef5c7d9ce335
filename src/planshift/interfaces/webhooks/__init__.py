"""Calls that come in from gateways."""
