"""Settings of the processes that tests start: the product's own, with the sample app, on the test database."""

from planshift.project.settings import *  # noqa: F403
from planshift.project.settings import INSTALLED_APPS as PRODUCT_APPS

INSTALLED_APPS = [*PRODUCT_APPS, "tests.sample"]
CLOCK_MOVABLE = True
