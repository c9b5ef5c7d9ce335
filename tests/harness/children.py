"""Processes that tests start end with the tests."""

from planshift.project.lab.leftovers import mortal as mortal
