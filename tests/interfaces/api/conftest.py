"""What tests of the API start from."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from planshift.procedures.demo import load
from planshift.runtime import clock, locks
from tests.house_rules import source
from tests.interfaces.api import known


@pytest.fixture(scope="package")
def _loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demo, loaded once for all tests of this folder and taken back after the last one."""
    whole = transaction.atomic()
    whole._from_testcase = True  # type: ignore[attr-defined]  # as Django marks its own: durable blocks may be inside
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), whole:
        # as Django's own test client does: a request does not close the connection that holds it all
        patch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda connection: None)
        with patch.context() as loading:
            loading.setattr(locks, "observer", None)  # one person's whole history is one transaction here
            assert load.load(folder=source.ROOT, at=clock.business())
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(_loaded: None, db: None) -> Iterator[None]:
    """The demo sellers with their people, services and history; what a test does to them ends with it."""
    yield
    translation.deactivate()  # a request speaks the language of its client


@pytest.fixture
def numbers(demo: None) -> known.Numbers:
    """One of everything, beside the demo."""
    return known.numbers()
