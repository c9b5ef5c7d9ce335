"""A pytest plugin (`-p tests.harness.standard_fractions`): the tests run as where quicktions is not installed."""

import sys

sys.modules["quicktions"] = None  # type: ignore[assignment]
