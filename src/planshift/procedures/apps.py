from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "planshift.procedures"
    label = "procedures"

    def ready(self) -> None:
        from planshift.procedures import announcing, change, mailing, payment, renewal, sweep

        for procedure in (announcing, change, mailing, payment, renewal, sweep):
            procedure.define()
