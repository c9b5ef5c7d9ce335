"""Who acts at the command line? The person who is logged in to the machine."""

import getpass


def actor() -> str:
    """For the audit log: staff:NAME; staff:cli for a user without a name."""
    try:
        return f"staff:{getpass.getuser()}"
    except (KeyError, OSError):
        return "staff:cli"
