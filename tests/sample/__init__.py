"""A small app of the tests: a thing with a lifecycle, and procedures that leave traces of every step."""
