"""The planshift command."""
