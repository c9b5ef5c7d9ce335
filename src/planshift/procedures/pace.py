"""How many rows fit into one transaction? As many as this process saw fit into the longest one that is allowed."""

from datetime import timedelta

from django.db import connection

LONGEST = {"sqlite": timedelta(milliseconds=100)}  # of one transaction, where a writer keeps all others out


class Pace:
    """What one kind of batch takes, as seen in this process. `most` rows where nothing keeps others out."""

    def __init__(self, *, most: int, each: timedelta = timedelta(milliseconds=2)) -> None:
        self.most, self.each = most, each

    def room(self) -> int:
        """So many rows now."""
        longest = LONGEST.get(connection.vendor)
        return self.most if longest is None else max(1, min(self.most, longest // self.each))

    def learn(self, *, count: int, took: timedelta) -> None:
        """`count` rows took so long."""
        self.each = max((self.each + took / max(count, 1)) / 2, timedelta(microseconds=1))
