"""Policy texts for tests: a head that answers what must be answered, and what a test adds."""

from planshift.domain.policy import checker

HEAD = """format = 1
policy = "test"
currency = "EUR"
"""


def findings(text, head=HEAD):
    """Everything the checker says about a policy with this text after the head (which has len(HEAD lines) lines)."""
    return checker.check((head + text).encode()).findings


def policy(text="", head=HEAD):
    """The policy, which must be sound."""
    checked = checker.check((head + text).encode())
    assert checked.policy is not None, checked.findings
    return checked.policy


def line(number, head=HEAD):
    """Line `number` of the text that a test adds, counted from 1, as a line of the whole file."""
    return head.count("\n") + number
