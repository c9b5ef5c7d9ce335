"""Servers that no program may touch: what would be asked of them becomes tasks for staff."""
