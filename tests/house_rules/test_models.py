"""Are the models tables with a name?"""

import pytest
from django.apps import apps
from django.db import models

OURS = [model for model in apps.get_models() if model.__module__.startswith("planshift.")]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_a_row_says_what_it_is(model: type[models.Model]) -> None:
    assert model.__str__ is not models.Model.__str__, f"{model.__name__}: give it a __str__, people read it in logs."
