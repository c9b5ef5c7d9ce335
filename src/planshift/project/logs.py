"""What is written to the log, in which form, and what never is. One JSON object a line; readable text on a terminal."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Values under these names are secrets, whatever they look like.
SECRET_NAME = re.compile(
    r"passw|secret|token|authorization|cookie|session|csrf|api_?key|private|signature|otp|iban|card|credential", re.I
)
# Secrets inside a text: a header, a query, the password of a URL, a long unreadable segment of a path (a signed link).
SECRET_TEXTS = [
    (re.compile(r"(?i)\b(bearer|basic|token)\s+[\w.~+/=:-]{8,}"), r"\1 ***"),
    (re.compile(r"(?i)\b([\w-]*(?:passw\w*|secret|token|api_?key|signature|otp)[\w-]*)=[^&\s\"']+"), r"\1=***"),
    (re.compile(r"(?i)\b([a-z][\w+.-]*://[^\s:/@]*):[^\s@/]+@"), r"\1:***@"),
    (re.compile(r"(?<=/)[\w:.=~%-]{32,}"), "***"),
]
Event = MutableMapping[str, Any]


def clean(text: str) -> str:
    """`text` without what looks like a secret."""
    for pattern, replacement in SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def scrub(_logger: Any, _method: str, event: Event) -> Event:
    """The structlog processor that keeps secrets out, at any depth."""
    for name in list(event):
        event[name] = _scrubbed(name, event[name])
    return event


def _scrubbed(name: str, value: Any) -> Any:
    if SECRET_NAME.search(name):
        return "***"
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: _scrubbed(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed("", inner) for inner in value]
    return value


BEFORE: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str, *, file: str = "") -> dict[str, Any]:
    """Set structlog up, and return Django's LOGGING, so that both write the same lines through the same scrubbing.

    Lines go to standard error, or are added to `file` where one is named.
    """
    structlog.configure(
        processors=[
            *BEFORE,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = {"class": "logging.StreamHandler", "formatter": "lines"}
    if file:
        handler = {"class": "logging.FileHandler", "filename": file, "encoding": "utf-8", "formatter": "lines"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": formatter}},
        "handlers": {"console": handler},
        "root": {"handlers": ["console"], "level": level},
        # Every request has its own line already (project.requests); these would repeat it, with the whole path.
        "loggers": {
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "propagate": False},
        },
    }


def formatter() -> logging.Formatter:
    """Scrubs last, just before a line is written: tracebacks too."""
    last: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if sys.stderr.isatty():
        last = structlog.dev.ConsoleRenderer()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=BEFORE,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            scrub,
            last,
        ],
    )
