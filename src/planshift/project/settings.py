"""Django settings. Everything an installation may change is read from PLANSHIFT_… variables (docs/operations.md)."""

import contextlib
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from planshift.project import env, logs, mail_url

PACKAGE = Path(__file__).resolve().parent.parent
VAR = Path(env.text("PLANSHIFT_VAR", default=str(Path.cwd() / "var")))
DEMO = env.boolean("PLANSHIFT_DEMO", default=False)
# Where the catalogs and policies of the demo are: the source checkout.
DEMO_FILES = Path(env.text("PLANSHIFT_DEMO_FILES", default=str(PACKAGE.parent.parent)))
DEBUG = env.boolean("PLANSHIFT_DEBUG", default=False)


def _secret_key() -> str:
    """The given key, or one made at first start and kept in the data folder (readable by its owner only)."""
    given = env.text("PLANSHIFT_SECRET_KEY", default="")
    if given:
        return given
    kept = VAR / "secret-key"
    if kept.exists():
        return kept.read_text(encoding="ascii").strip()
    VAR.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=VAR, encoding="ascii") as made:  # readable by its owner only
        made.write(secrets.token_urlsafe(48))
        made.flush()
        with contextlib.suppress(FileExistsError):  # another process was first: its key is the one
            kept.hardlink_to(made.name)
    return kept.read_text(encoding="ascii").strip()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.text("PLANSHIFT_HOSTS", default="localhost,127.0.0.1,[::1]").split(",")
BASE_URL = env.text("PLANSHIFT_BASE_URL", default="http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "ninja",
    "planshift.runtime",
    "planshift.catalog",
    "planshift.services",
    "planshift.ledger",
    "planshift.billing",
    "planshift.provisioning",
    "planshift.procedures",
    "planshift.adapters.drivers.by_http",
    "planshift.adapters.drivers.manual",
    "planshift.adapters.drivers.simulated",
    "planshift.adapters.gateways.simulated",
    "planshift.interfaces.panel",
    "planshift.interfaces.backoffice",
    "planshift.project",
]

MIDDLEWARE = [
    "planshift.project.requests.Observed",
    "planshift.interfaces.api.v1.problems.Shaped",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "planshift.interfaces.headers.SecurityHeaders",
]

# Stripe: the secret key of the API and the secret of the webhook (whsec_…); both or neither.
STRIPE_API_KEY = env.text("PLANSHIFT_STRIPE_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.text("PLANSHIFT_STRIPE_WEBHOOK_SECRET", default="")
if bool(STRIPE_API_KEY) != bool(STRIPE_WEBHOOK_SECRET):
    raise env.EnvironmentProblem("PLANSHIFT_STRIPE_KEY and PLANSHIFT_STRIPE_WEBHOOK_SECRET go together")
# The simulated payment gateway takes no money: never where clients are real.
SIMULATED_GATEWAY = env.boolean("PLANSHIFT_SIMULATED_GATEWAY", default=DEMO and not STRIPE_API_KEY)

# A folder into which the bank's statements are put; the worker imports them each hour. Empty: none is watched.
STATEMENTS_FOLDER = env.text("PLANSHIFT_STATEMENTS", default="")

# VIES is asked about VAT numbers of businesses abroad; off, nobody asks (a demo has recorded answers). The address only
# where it is reached another way.
VIES = env.boolean("PLANSHIFT_VIES", default=False)
VIES_URL = env.text("PLANSHIFT_VIES_URL", default="")

# Name services of the provider's zones; a server names the one that holds its clients' names ("powerdns", "rfc2136").
POWERDNS_URL = env.text("PLANSHIFT_POWERDNS_URL", default="")
POWERDNS_KEY = env.text("PLANSHIFT_POWERDNS_KEY", default="")
POWERDNS_SERVER = env.text("PLANSHIFT_POWERDNS_SERVER", default="localhost")
if POWERDNS_URL and not POWERDNS_KEY:
    raise env.EnvironmentProblem("PLANSHIFT_POWERDNS_URL needs PLANSHIFT_POWERDNS_KEY or PLANSHIFT_POWERDNS_KEY_FILE")
RFC2136_SERVER = env.text("PLANSHIFT_RFC2136_SERVER", default="")
RFC2136_KEY_NAME = env.text("PLANSHIFT_RFC2136_KEY_NAME", default="")
RFC2136_SECRET = env.text("PLANSHIFT_RFC2136_SECRET", default="")
RFC2136_ALGORITHM = env.text("PLANSHIFT_RFC2136_ALGORITHM", default="hmac-sha256")
if RFC2136_SERVER and not (RFC2136_KEY_NAME and RFC2136_SECRET):
    raise env.EnvironmentProblem(
        "PLANSHIFT_RFC2136_SERVER needs PLANSHIFT_RFC2136_KEY_NAME and PLANSHIFT_RFC2136_SECRET (or …_SECRET_FILE)"
    )
# Name servers and resolvers that are asked whether a switched address is known to the world, by address.
DNS_ASKED = env.text("PLANSHIFT_DNS_ASKED", default="")
# The private key that hosting servers let in (driver linux-ssh): the path of a file. Empty: no such servers.
SSH_KEY = env.text("PLANSHIFT_SSH_KEY", default="")
# Our tokens at servers of vendors (drivers whm, proxmox): the path of a file. Empty: no such servers.
SERVER_TOKENS = env.text("PLANSHIFT_SERVER_TOKENS", default="")

ROOT_URLCONF = "planshift.project.urls"
WSGI_APPLICATION = "planshift.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "interfaces" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "planshift.interfaces.context.door",
            ],
            "builtins": ["planshift.interfaces.presenters.tags"],
        },
    }
]


def database(url: str) -> dict[str, Any]:
    """Connection settings for `url`: a path of an SQLite file, or postgresql://user:password@host:port/name.

    SQLite: WAL, IMMEDIATE, synchronous=FULL. PostgreSQL: pooled, durable as the server is set up.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        path = url.removeprefix("sqlite:///")
        return {
            "ENGINE": "planshift.runtime.sqlite",
            "NAME": path,
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {"pool": {"min_size": 1, "max_size": env.number("PLANSHIFT_DATABASE_POOL", default=8)}},
    }


DATABASES = {"default": database(env.text("PLANSHIFT_DATABASE", default=str(VAR / "planshift.sqlite3")))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "planshift.interfaces.panel.accounts.ClosedSignup"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
CSRF_FAILURE_VIEW = "planshift.interfaces.errors.forbidden"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("pl", "Polski"), ("it", "Italiano")]
LOCALE_PATHS = [PACKAGE / "interfaces" / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # files are served from the package; whitenoise wants the folder
STATICFILES_DIRS = [PACKAGE / "interfaces" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG


def mail(url: str) -> dict[str, Any]:
    """Django's e-mail settings for smtp://, smtp+tls:// (STARTTLS) or smtps://user:password@host:port; empty: files."""
    if not url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(VAR / "mail"),
        }
    given = mail_url.read(url, variable="PLANSHIFT_MAIL", schemes=mail_url.SMTP)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": given.host,
        "EMAIL_PORT": given.port,
        "EMAIL_HOST_USER": given.user,
        "EMAIL_HOST_PASSWORD": given.password,
        "EMAIL_USE_TLS": given.security == "starttls",
        "EMAIL_USE_SSL": given.security == "tls",
        "EMAIL_TIMEOUT": 20,
    }


globals().update(mail(env.text("PLANSHIFT_MAIL", default="")))
DEFAULT_FROM_EMAIL = env.text("PLANSHIFT_MAIL_FROM", default="planshift@localhost")
MAIL_URL = env.text("PLANSHIFT_MAIL", default="")
# Where clients' answers come in, and whether its address may carry the reference behind a plus.
MAILBOX_URL = env.text("PLANSHIFT_MAILBOX", default="")
MAIL_REPLY_TO = env.text("PLANSHIFT_MAIL_REPLY_TO", default=DEFAULT_FROM_EMAIL)
MAIL_REPLY_PLUS = env.boolean("PLANSHIFT_MAIL_REPLY_PLUS", default=False)
# The name that our own mail server signs its Authentication-Results with; without it DKIM and SPF are not known.
MAIL_AUTHENTICATED_BY = env.text("PLANSHIFT_MAIL_AUTHENTICATED_BY", default="")
# Whether clients are written to about orders, renewals and changes; what they must answer is always sent.
LETTERS = env.boolean("PLANSHIFT_LETTERS", default=True)
# Authorities of the mail servers' certificates; without a file those that the system trusts.
MAIL_CA_FILE = env.text("PLANSHIFT_MAIL_CA_FILE", default="")
MAIL_FOLDER = VAR / "mail"
if MAILBOX_URL:
    mail_url.read(MAILBOX_URL, variable="PLANSHIFT_MAILBOX", schemes=mail_url.IMAP)  # a wrong one stops the start

SECURE_SSL = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = SECURE_SSL
CSRF_COOKIE_SECURE = SECURE_SSL
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_SSL else None
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

# Requests of one client's API token per web process, such as 600/min; empty: no limit. A seller's token has none.
API_CLIENT_RATE = env.text("PLANSHIFT_API_CLIENT_RATE", default="600/min")
METRICS_TOKEN = env.text("PLANSHIFT_METRICS_TOKEN", default="")
LOGGING = logs.configure(
    env.text("PLANSHIFT_LOG_LEVEL", default="INFO"), file=env.text("PLANSHIFT_LOG_FILE", default="")
)
