"""Requests to servers of vendors: whom we trust, what we keep to ourselves, and what silence means."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from planshift.adapters.drivers.by_http import asking
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports
from tests.ports.standins import serving

TOKEN = asking.Token("demo", "a secret of the tests")


class Plain(serving.StandIn):
    """Says what it is told to say."""

    said: tuple[int, str, str] = (200, "OK", '{"data": 1}')

    def answer(self, request: serving.Request) -> tuple[int, str, str]:
        return self.said


@pytest.fixture
def standin() -> Iterator[Plain]:
    made = Plain()
    with made.serving():
        yield made


def ask(at: ports.ServerAt, *, changes: bool = True, token: asking.Token = TOKEN) -> asking.Answer:
    return asking.Https(port=1, seconds=0.5).ask(
        server=at,
        token=token,
        authorization=f"demo {token.secret}",
        method="POST",
        path="/do",
        given={"password": "not for a log"},
        changes=changes,
    )


def at(standin: serving.StandIn, host: str = "127.0.0.1", **traits: str) -> ports.ServerAt:
    return ports.ServerAt("bench1", address=f"{host}:{standin.port}", traits=traits)


def test_a_pinned_certificate_is_trusted_and_the_request_arrives(standin: Plain) -> None:
    assert ask(at(standin, fingerprint=serving.certificate("first").fingerprint)).body == '{"data": 1}'
    (request,) = standin.asked
    assert (request.method, request.given) == ("POST", {"password": "not for a log"})
    assert request.authorization == "demo a secret of the tests"


def test_an_authority_of_ones_own_is_trusted_for_its_names_only(standin: Plain) -> None:
    own = asking.Token("demo", "s", ca_file=str(serving.certificate("first").file))
    assert ask(at(standin, "localhost"), token=own).status == 200
    with pytest.raises(Permanent) as refused:
        ask(at(standin), token=own)  # the certificate is for localhost, not for 127.0.0.1
    assert refused.value.what == "remote_refused"
    assert len(standin.asked) == 1


@pytest.mark.parametrize("traits", [{}, {"fingerprint": serving.certificate("second").fingerprint}])
def test_another_certificate_is_refused_loudly_and_nothing_is_sent(
    standin: Plain, traits: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL), pytest.raises(Permanent) as refused:
        ask(at(standin, **traits))
    assert refused.value.what == "remote_refused"
    assert standin.asked == []
    assert "another certificate" in caplog.text


def test_what_is_no_fingerprint_and_no_address_is_not_asked(standin: Plain) -> None:
    for wrong in (
        at(standin, fingerprint="ab:cd"),
        ports.ServerAt("bench1", address="user@host:1"),
        ports.ServerAt("bench1", address="host/path"),
        ports.ServerAt("bench1"),
    ):
        with pytest.raises(Permanent, match="invalid"):
            ask(wrong)
    assert standin.asked == []


@pytest.mark.parametrize("kind", ["lost", "cut", "slow"])
def test_silence_after_the_question_is_unknown_for_a_mutation_and_transient_for_a_question(
    standin: Plain, kind: str
) -> None:
    server = at(standin, fingerprint=serving.certificate("first").fingerprint)
    standin.faults = [serving.Fault("/do", kind, times=2, seconds=2.0)]
    with pytest.raises(Unknown) as lost:
        ask(server)
    assert lost.value.what == "no_answer"
    with pytest.raises(Transient, match="unreachable"):
        ask(server, changes=False)
    assert "secret" not in f"{lost.value.facts}"
    assert "not for a log" not in f"{lost.value.facts}"


def test_nobody_there_means_that_nothing_happened(standin: Plain) -> None:
    with Plain().serving() as gone:
        pass
    with pytest.raises(Transient, match="unreachable"):
        ask(at(gone, fingerprint=serving.certificate("first").fingerprint))


def test_redirections_are_answers_and_an_answer_has_an_end(standin: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    server = at(standin, fingerprint=serving.certificate("first").fingerprint)
    standin.said = (302, "Found", "")
    assert ask(server).status == 302
    standin.said = (200, "OK", "x" * 2000)
    monkeypatch.setattr(asking, "LARGEST_ANSWER", 1000)
    with pytest.raises(Transient, match="unreachable"):
        ask(server, changes=False)


def test_the_file_of_tokens_is_read_when_it_is_needed_and_is_ours_alone(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    tokens, server = asking.Tokens(file=str(file)), ports.ServerAt("bench1")
    with pytest.raises(Transient, match="unreachable"):
        tokens.of(server)
    file.write_text('[bench1]\nuser = "demo"\ntoken = "a secret of the tests"\n')
    file.chmod(0o640)
    with pytest.raises(Permanent) as open_to_others:
        tokens.of(server)
    assert "others" in str(open_to_others.value.facts["remote"])
    file.chmod(0o600)
    assert tokens.of(server).secret == "a secret of the tests"
    assert "a secret" not in repr(tokens.of(server))
    with pytest.raises(Permanent, match="invalid"):
        tokens.of(ports.ServerAt("another"))
    file.write_text("[bench1")
    with pytest.raises(Transient, match="unreachable"):
        tokens.of(server)


def test_what_a_server_says_is_made_fit_to_be_kept() -> None:
    assert asking.plain("<b>No</b>\x1b[31m\n  room\u202e ") == "No [31m room"
    assert len(asking.plain("x" * 9000)) == 500


def test_a_server_that_never_ends_does_not_hold_us(standin: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "CONNECT_SECONDS", 0.3)
    server = at(standin, fingerprint=serving.certificate("first").fingerprint)
    standin.said = (200, "OK", "x" * 60)  # with its head about a hundred bytes: ten seconds
    standin.faults = [serving.Fault("/do", "trickle", times=2, seconds=0.1)]
    with pytest.raises(Unknown) as over:
        ask(server)
    assert over.value.facts["remote"] in ("ReadTimeout", "ConnectionError", "ChunkedEncodingError", "SSLError")
    with pytest.raises(Transient, match="unreachable"):
        ask(server, changes=False)


def test_our_token_and_what_is_hidden_are_struck_out_of_all_that_is_said(standin: Plain) -> None:
    server = at(standin, fingerprint=serving.certificate("first").fingerprint)
    standin.said = (500, "no: pa+ss", 'for "a secret of the tests" pa+ss, pa%2Bss, a+secret+of+the+tests')
    answer = asking.Https(port=1, seconds=0.5).ask(
        server=server,
        token=TOKEN,
        authorization="demo",
        method="POST",
        path="/do",
        given={},
        changes=True,
        hide=("pa+ss", ""),
    )
    assert (answer.reason, answer.body) == ("no: …", 'for "…" …, …, …')


@pytest.mark.parametrize(
    ("address", "host"),
    [("[2001:db8::5]:2087", "[2001:db8::5]"), ("[2001:db8::5]", "[2001:db8::5]"), ("cp3.example:1", "cp3.example")],
)
def test_the_host_of_an_address_is_told_without_its_port(address: str, host: str) -> None:
    assert asking.host_of(ports.ServerAt("bench1", address=address)) == host
