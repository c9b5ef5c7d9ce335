from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "planshift.project"
    label = "project"

    def ready(self) -> None:
        from planshift.project import wiring

        wiring.wire()
