"""The product's own settings, on a database of the tests (PLANSHIFT_TEST_DATABASE) and in a throwaway data folder."""

import atexit
import os
import shutil
import tempfile

from tools import translations

# Before the settings are read: tests must never write into the data folder of the person who runs them.
if "PLANSHIFT_TEST_VAR" not in os.environ:
    os.environ["PLANSHIFT_TEST_VAR"] = tempfile.mkdtemp(prefix="planshift-test-")
    atexit.register(shutil.rmtree, os.environ["PLANSHIFT_TEST_VAR"], ignore_errors=True)
    translations.compile_all()  # the first process of the run; a text changed since `make venv` must show
os.environ["PLANSHIFT_VAR"] = os.environ["PLANSHIFT_TEST_VAR"]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's synchronous API runs a loop in the test's own thread
for name in ("PLANSHIFT_DATABASE", "PLANSHIFT_DEMO", "PLANSHIFT_DEBUG", "PLANSHIFT_BASE_URL", "PLANSHIFT_HOSTS"):
    os.environ.pop(name, None)

from planshift.project.settings import *  # noqa: E402, F403
from tests.harness import database  # noqa: E402

DATABASES = {"default": database.chosen()}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - whitenoise warns when it is not there
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# The fastest hasher: no test here is about the cost of a password.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.sample"]  # noqa: F405
CLOCK_MOVABLE = True
SIMULATED_GATEWAY = True
MIDDLEWARE = ["tests.harness.doors.Watched", *MIDDLEWARE]  # noqa: F405
