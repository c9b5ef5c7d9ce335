"""Which answers hold for a pair: base, then family of the present service, then the first case that holds."""

from planshift.domain.policy import document, loader, vocabulary
from tests.domain.policy.files import HEAD, policy

TEXT = """timing = "after_payment"
promise = { answer = "business_days", most = 3 }

[family.vps]
promise = { answer = "business_days", most = 2 }
retention = "no_hold"

[[case]]
name = "move"
when = { differ = ["platform"], direction = ["up", "sideways"] }
kind = "hard"
reason = { en = "The service moves to another platform.", pl = "Usługa zmienia platformę.", it = "Cambia piattaforma." }
promise = { answer = "business_days", most = 5 }

[[case]]
name = "shrink disk"
when = { resource = "disk", direction = "down" }
kind = "refused"
reason = "Disks never shrink."

[[case]]
name = "longer"
when = { operation = "period", from_term = "1 month", to_term = ["3 months", "1 year"] }

[[case]]
name = "rest"
"""


def _pair(operation="plan", direction="up", **rest):
    side = {"plan": "silver", "family": "web", "term": "12 months", "traits": vocabulary.Params({"platform": "shared"})}
    present = document.Side(**{**side, **rest.pop("present", {})})
    target = document.Side(**{**side, "plan": "gold", **rest.pop("target", {})})
    return document.Pair(operation=operation, direction=direction, present=present, target=target, **rest)


VPS = {"traits": vocabulary.Params({"platform": "vps"})}


def test_the_first_case_that_holds_decides():
    read = policy(TEXT)
    assert [read.resolve(pair).case for pair in (
        _pair(),
        _pair(target=VPS),
        _pair(target=VPS, direction="down"),
        _pair("resources", "down", resources=frozenset({"disk", "ram"})),
        _pair("resources", "down", resources=frozenset({"ram"})),
        _pair("period", present={"term": "1 month"}),
        _pair("period", present={"term": "1 month"}, target={"term": "6 months"}),
    )] == ["rest", "move", "rest", "shrink disk", "rest", "longer", "rest"]  # fmt: skip


def test_a_case_brings_kind_and_reason_and_the_rest_is_easy():
    read = policy(TEXT)
    moved = read.resolve(_pair(target=VPS))
    assert (moved.kind, moved.reason["pl"]) == ("hard", "Usługa zmienia platformę.")
    assert (read.resolve(_pair()).kind, read.resolve(_pair()).reason) == ("easy", None)
    assert read.resolve(_pair("resources", "down", resources=frozenset({"disk"}))).kind == "refused"


def test_layers_replace_whole_answers_in_order():
    read = policy(TEXT)
    most = [read.resolve(pair).one("promise").params["most"] for pair in (
        _pair(), _pair(present={"family": "vps"}), _pair(present={"family": "vps"}, target=VPS),
    )]  # fmt: skip
    assert most == [3, 2, 5]
    assert read.resolve(_pair(target={"family": "vps"})).one("promise").params["most"] == 3  # only the present family
    assert read.resolve(_pair(present={"family": "vps"})).one("retention").answer == "no_hold"
    assert read.answers_before_cases("vps")["promise"][0].params["most"] == 2


def test_one_object_per_family_and_case_so_that_it_can_be_a_cache_key():
    read = policy(TEXT)
    assert read.resolve(_pair()) is read.resolve(_pair(direction="down", present={"plan": "bronze"}))
    assert read.resolve(_pair()) is not read.resolve(_pair(present={"family": "vps"}))
    assert len({read.resolve(_pair()), read.resolve(_pair(payment="card"))}) == 1


def test_an_unknown_family_has_the_answers_of_the_base_and_takes_no_room():
    read = policy(TEXT)
    one = read.resolve(_pair(present={"family": "family 1"}))
    kept = len(read._resolved)
    assert all(read.resolve(_pair(present={"family": f"family {number}"})) is one for number in range(100))
    assert len(read._resolved) == kept


def test_the_same_bytes_give_the_same_policy_and_other_bytes_another_digest():
    data = (HEAD + TEXT).encode()
    assert loader.load(data) is loader.load(bytes(data))
    assert loader.load(data).digest != loader.load(data + b"# seen\n").digest


def test_a_bad_policy_carries_every_finding():
    try:
        loader.load(b'format = 1\npolicy = "x"\ntiming = "y"\npromise = "z"\n')
    except loader.BadPolicy as bad:
        assert [finding.line for finding in bad.findings] == [3, 4]
    else:
        raise AssertionError("accepted")
