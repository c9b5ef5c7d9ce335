"""When is cyclic garbage looked for? Not in the middle of a batch.

All that a batch builds lives until its end, and Python would go through all of it again and again: a third of the time
of a renewal run. What is left over is found at once when the batch is over, so memory does not grow with their number.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def later() -> Iterator[None]:
    """Inside, nothing is looked for in this process: for a bounded piece of work."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
