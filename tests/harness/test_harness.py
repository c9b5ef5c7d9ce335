"""Does the harness keep its promises?"""

import socket

import hypothesis
import pytest
from django.db import connection
from pytest_socket import SocketConnectBlockedError

from tests.harness import clauses


@pytest.mark.django_db
def test_the_database_is_the_chosen_one_with_the_products_durability(on_postgresql: bool) -> None:
    with connection.cursor() as cursor:
        if on_postgresql:
            found = []
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                cursor.execute(f"SHOW {name}")
                found.append(cursor.fetchone()[0])
            assert found == ["on", "on", "on"]
        else:
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone()[0] == 2  # FULL
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone()[0] == "wal"


def test_a_connection_beyond_this_machine_is_refused() -> None:
    with pytest.raises((SocketConnectBlockedError, UserWarning)), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))  # TEST-NET-1: nobody's


def test_properties_have_the_same_examples_in_every_run(pytestconfig: pytest.Config) -> None:
    assert hypothesis.settings.default.derandomize is (pytestconfig.getoption("hypothesis_profile") != "long")


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("test_D4_drawn_from_the_deposit", "D4"),
        ("test_H12_not_offered[sqlite]", "H12"),
        ("test_D12_no_such_clause", None),
        ("test_D1x_no", None),
        ("test_deposit", None),
    ],
)
def test_names_claim_clauses(name: str, clause: str | None) -> None:
    assert clauses.clause_of(name) == clause
