"""What every reader of bank statements must keep. A format's test module subclasses this and writes the files."""

import io

import pytest

from planshift.billing import ports
from planshift.domain import bank


class StatementContract:
    """Subclasses give `reader`, and `example`: a file with one credit of 26.84 and one debit of 5.00."""

    @pytest.fixture
    def reader(self) -> ports.StatementReader:
        raise NotImplementedError

    @pytest.fixture
    def example(self) -> bytes:
        raise NotImplementedError

    def test_it_knows_its_format_by_the_beginning(self, reader: ports.StatementReader, example: bytes) -> None:
        assert reader.reads(start=example[:4096])
        for other in (b"", b"\x00\xff", b"<html>", b"%PDF-1.7", b"date;amount;title\n", b"PK\x03\x04"):
            assert not reader.reads(start=other)

    def test_entries_come_in_the_order_of_the_file(self, reader: ports.StatementReader, example: bytes) -> None:
        credit, debit = reader.entries(file=io.BytesIO(example))
        assert (credit.direction, credit.amount.text) == ("credit", "26.84")
        assert (debit.direction, debit.amount.text) == ("debit", "5.00")
        assert credit.account == debit.account != ""
        assert credit.statement == debit.statement != ""

    def test_the_same_file_has_the_same_ids(self, reader: ports.StatementReader, example: bytes) -> None:
        first = [one for one, _ in bank.identified(reader.entries(file=io.BytesIO(example)))]
        second = [one for one, _ in bank.identified(reader.entries(file=io.BytesIO(example)))]
        assert first == second
        assert len(set(first)) == 2

    @pytest.mark.parametrize("keep", [0.3, 0.6, 0.8])
    def test_a_file_that_was_cut_off_is_noticed(
        self, reader: ports.StatementReader, example: bytes, keep: float
    ) -> None:
        with pytest.raises(bank.Unreadable):
            list(reader.entries(file=io.BytesIO(example[: int(len(example) * keep)])))

    @pytest.mark.parametrize("garbage", [b"", b"\x00" * 100, b"{}", b"\xff\xfe<\x00", b"-" * 10_000])
    def test_garbage_is_unreadable_not_a_crash(self, reader: ports.StatementReader, garbage: bytes) -> None:
        with pytest.raises(bank.Unreadable):
            list(reader.entries(file=io.BytesIO(garbage)))
