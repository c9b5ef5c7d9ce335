from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "planshift.procedures"
    label = "procedures"

    def ready(self) -> None:
        from planshift.procedures import change, payment, renewal, sweep

        for procedure in (change, payment, renewal, sweep):
            procedure.define()
