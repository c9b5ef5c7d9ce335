"""The product's own settings, with an app that makes the simulated driver deadly."""

from planshift.project.settings import *  # noqa: F403
from planshift.project.settings import INSTALLED_APPS as PRODUCT_APPS

INSTALLED_APPS = [*PRODUCT_APPS, "tests.machines.dying"]
CLOCK_MOVABLE = True
