from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "tests.sample"
    label = "sample"

    def ready(self) -> None:
        from planshift.runtime.runs import schedules
        from tests.sample import procedures

        schedules._schedules.clear()  # the product's daily sweep stays out: these tests count every run
        procedures.define()
