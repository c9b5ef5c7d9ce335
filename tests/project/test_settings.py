"""Does a wrong setting stop the start, and name itself?"""

from pathlib import Path

import pytest

from planshift.project import env, settings
from tests.harness import product


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PLANSHIFT_DEMO", "yes", "PLANSHIFT_DEMO must be 1 or 0, not 'yes'"),
        ("PLANSHIFT_DATABASE_POOL", "many", "PLANSHIFT_DATABASE_POOL must be a whole number, not 'many'"),
        ("PLANSHIFT_SECRET_KEY_FILE", "/nowhere", "PLANSHIFT_SECRET_KEY_FILE=/nowhere: cannot be read"),
        ("PLANSHIFT_POWERDNS_URL", "http://127.0.0.1:8081", "PLANSHIFT_POWERDNS_URL needs PLANSHIFT_POWERDNS_KEY"),
        ("PLANSHIFT_RFC2136_SERVER", "127.0.0.1", "PLANSHIFT_RFC2136_SERVER needs PLANSHIFT_RFC2136_KEY_NAME"),
        ("PLANSHIFT_DNS_ASKED", "ns1.demo.example", "PLANSHIFT_DNS_ASKED: 'ns1.demo.example'"),
        (
            "PLANSHIFT_MAIL",
            "http://x",
            "PLANSHIFT_MAIL must be smtp://, smtp+tls:// or smtps://user:password@host:port",
        ),
    ],
)
def test_a_wrong_value_is_named_without_a_stack_trace(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    more = {"PLANSHIFT_DATABASE": "postgresql://x@localhost/x"} if "POOL" in name else {}
    done = product.command("setup", env=product.environment(tmp_path) | more | {name: value})
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_secret_key_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    env_ = product.environment(tmp_path)
    assert product.command("help", env=env_).returncode == 0
    for _ in range(2):
        assert product.command("manage", "check", env=env_).returncode == 0
    key = tmp_path / "secret-key"
    first = key.read_text()
    assert len(first) == 64
    assert key.stat().st_mode & 0o777 == 0o600
    assert product.command("manage", "check", env=env_).returncode == 0
    assert key.read_text() == first


def test_mail_by_url() -> None:
    found = settings.mail("smtp+tls://me:p%40ss@mail.example:2525")
    assert {k.removeprefix("EMAIL_"): v for k, v in found.items() if k != "EMAIL_BACKEND"} == {
        "HOST": "mail.example",
        "PORT": 2525,
        "HOST_USER": "me",
        "HOST_PASSWORD": "p@ss",
        "USE_TLS": True,
        "USE_SSL": False,
        "TIMEOUT": 20,
    }
    assert settings.mail("smtps://mail.example")["EMAIL_PORT"] == 465
    with pytest.raises(env.EnvironmentProblem):
        settings.mail("smtp://")


def test_database_by_url() -> None:
    found = settings.database("postgresql://me:p%40ss@db.example:5433/planshift")
    assert [found[k] for k in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        *("me", "p@ss", "db.example", "5433", "planshift"),
    ]
    assert found["OPTIONS"]["pool"]["max_size"] == 8
