from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "planshift.procedures"
    label = "procedures"

    def ready(self) -> None:
        from planshift.procedures import announcing, bank, change, mailing, payment, renewal, sweep

        for procedure in (announcing, bank, change, mailing, payment, renewal, sweep):
            procedure.define()
