"""Which database do the tests run on?

PLANSHIFT_TEST_DATABASE: unset or `sqlite` is an SQLite file with the product's own settings (IMMEDIATE,
synchronous=FULL, WAL once the tables stand); `postgresql` starts a throwaway cluster, once per run, and stops it
at the end; a `postgresql://…` URL is used as it is, and must be allowed to create databases.
"""

import atexit
import os
from pathlib import Path
from typing import Any

from planshift.project import settings
from tests.harness import postgres

VARIABLE = "PLANSHIFT_TEST_DATABASE"


def chosen() -> dict[str, Any]:
    """Django's connection settings. Workers of xdist inherit the URL of the cluster that the first process started."""
    url = os.environ.get(VARIABLE) or "sqlite"
    if url == "sqlite":
        file = Path(os.environ["PLANSHIFT_TEST_VAR"]) / "tests.sqlite3"
        return settings.database(str(file)) | {"TEST": {"NAME": str(file)}}
    if url == "postgresql":
        cluster = postgres.start()
        atexit.register(cluster.stop)
        url = os.environ[VARIABLE] = cluster.url
    connection = settings.database(url)
    # Each worker has a handful of connections; the pool would keep others open while test databases are dropped.
    connection["OPTIONS"].pop("pool", None)
    return connection
