"""Keys, number series, references, locks: what makes doubles and gaps impossible."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from planshift.domain.errors import Refused
from planshift.runtime import keys, locks, numbers, references
from planshift.runtime.models import NumberSeries, OnceKey
from tests.sample.models import Account, Thing


def in_threads(*jobs: Callable[[], None]) -> list[BaseException]:
    """Run jobs at once, each with a connection of its own; what they raised."""
    problems: list[BaseException] = []

    def wrapped(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as problem:  # noqa: BLE001
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=wrapped, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


@pytest.mark.django_db
def test_the_same_key_gives_the_first_answer_and_other_content_is_refused() -> None:
    made: list[str] = []

    def make() -> str:
        made.append("x")
        return f"CH-{len(made)}"

    first = keys.fingerprint({"plan": "gold", "notices": ["a"]})
    assert first == keys.fingerprint({"notices": ["a"], "plan": "gold"})
    for _ in range(2):
        assert keys.once(scope="order:C-1", key="k1", fingerprint=first, make=make) == "CH-1"
    assert keys.once(scope="order:C-2", key="k1", fingerprint=first, make=make) == "CH-2"
    with pytest.raises(Refused, match="key_reused"):
        keys.once(scope="order:C-1", key="k1", fingerprint=keys.fingerprint({"plan": "silver"}), make=make)
    for bad in ("", "x" * 121, "a\nb"):
        with pytest.raises(Refused, match="key_bad"):
            keys.once(scope="order:C-1", key=bad, fingerprint=first, make=make)
    assert len(made) == 2


@pytest.mark.django_db
def test_what_was_made_is_found_again_where_it_says_so_itself() -> None:
    asked = keys.fingerprint({"quote": "Q-1"})

    def once(found: str, made: str = "CH-1") -> str:
        return keys.once(scope="o", key="k", fingerprint=asked, make=lambda: made, again=lambda: found)

    assert [once("unasked"), once("CH-1", made="unasked")] == ["CH-1", "CH-1"]
    assert OnceKey.objects.get(key="k").reference == ""
    OnceKey.objects.update(reference="CH-0")  # of a key that was noted with its answer, as all were once
    assert once("unasked", made="unasked") == "CH-0"
    with pytest.raises(Refused, match="key_reused"):
        keys.once(scope="o", key="k", fingerprint="other", make=lambda: "x", again=lambda: "x")


@pytest.mark.django_db
def test_a_key_is_free_again_when_the_work_failed() -> None:
    def fail() -> str:
        raise Refused("quote_expired")

    with pytest.raises(Refused, match="quote_expired"):
        keys.once(scope="s", key="k", fingerprint="f", make=fail)
    assert not OnceKey.objects.exists()
    assert keys.once(scope="s", key="k", fingerprint="other", make=lambda: "CH-1") == "CH-1"


@pytest.mark.django_db(transaction=True)
def test_a_double_click_in_two_processes_works_once() -> None:
    made: list[int] = []
    answers: list[str] = []
    gate = threading.Barrier(4)

    def click() -> None:
        def make() -> str:
            made.append(1)
            threading.Event().wait(0.05)
            return f"CH-{len(made)}"

        gate.wait()
        answers.append(keys.once(scope="s", key="k", fingerprint="f", make=make))

    assert in_threads(*[click] * 4) == []
    assert (len(made), answers) == (1, ["CH-1"] * 4)


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_and_no_double_with_rollbacks_and_rivals() -> None:
    taken: list[int] = []

    def take() -> None:
        for turn in range(20):
            try:
                with transaction.atomic():
                    mine = numbers.take(series="FV/2026", count=2, first=1001)
                    if turn % 4 == 0:
                        raise LookupError
            except LookupError:
                continue
            taken.extend(mine)

    assert in_threads(take, take, take) == []
    assert sorted(taken) == list(range(1001, 1001 + 3 * 15 * 2))  # 15 of 20 turns committed, two numbers each
    assert NumberSeries.objects.get().last == 1001 + 90 - 1


@pytest.mark.django_db(transaction=True)
def test_numbers_need_the_transaction_that_uses_them() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        numbers.take_one(series="S")
    with transaction.atomic():
        assert numbers.take_one(series="S", first=5) == 5
        assert numbers.take(series="S", count=3) == range(6, 9)
        with pytest.raises(ValueError, match="at least one"):
            numbers.take(series="S", count=0)
    with pytest.raises(transaction.TransactionManagementError):
        locks.lock(Thing.objects.all())


@pytest.mark.django_db
def test_locks_are_taken_in_one_order_and_the_tests_notice_another() -> None:
    first, second = Thing.objects.create(number="T-1"), Thing.objects.create(number="T-2")
    account = Account.objects.create()
    with transaction.atomic():
        assert locks.lock(Thing.objects.filter(pk__in=[second.pk, first.pk])) == [first, second]
        locks.lock(Account.objects.all())
        numbers.take_one(series="S")
        locks.lock(Thing.objects.filter(pk=first.pk))  # held already
    with transaction.atomic():  # a new transaction holds nothing
        locks.lock(Thing.objects.filter(pk=second.pk))
        with pytest.raises(AssertionError, match="lock order: Thing"):
            locks.lock(Thing.objects.filter(pk=first.pk))
    with transaction.atomic():
        numbers.take_one(series="S")
        with pytest.raises(AssertionError, match=f"lock order: Account {account.pk} after a row of rank SERIES"):
            locks.lock(Account.objects.all())


@given(st.integers(min_value=0, max_value=10), st.sampled_from(references.ALPHABET))
def test_a_single_wrong_character_is_found(place: int, wrong: str) -> None:
    good = references.make()
    bad = good[:place] + wrong + good[place + 1 :]
    assert references.valid(bad) == (bad == good)


def test_references_are_read_as_they_were_meant() -> None:
    body = "0123456789"
    good = next(body + last for last in references.ALPHABET if references.valid(body + last))
    assert references.valid(f" o123-4567-89{good[-1].lower()} ".replace("1", "l"))
    assert references.find(f"Zapłata za {good[:4]}-{good[4:]}, dziękuję. Nr 12345678901") == [good]
    assert references.find("no reference at all") == []
    assert len({references.make() for _ in range(1000)}) == 1000


def test_signed_tokens_serve_one_purpose_and_expire() -> None:
    token = references.sign({"document": "FV/1"}, purpose="accept")
    assert references.unsign(token, purpose="accept", max_age_seconds=60) == {"document": "FV/1"}
    with pytest.raises(Refused, match="token_bad"):
        references.unsign(token, purpose="login")
    with pytest.raises(Refused, match="token_bad"):
        references.unsign(token[:-1] + ("A" if token[-1] != "A" else "B"), purpose="accept")
    with pytest.raises(Refused, match="token_expired"):
        references.unsign(token, purpose="accept", max_age_seconds=-1)
