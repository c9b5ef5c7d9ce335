"""A provider's machines in namespaces of this one: for `planshift demo --lab`, and for the tests."""
