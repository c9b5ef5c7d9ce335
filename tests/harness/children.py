"""Processes that tests start end with the tests."""

import ctypes
import signal


def mortal() -> None:
    """For a child (`preexec_fn`): the kernel kills it when the one who made it dies."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
