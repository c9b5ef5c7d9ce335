from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "planshift.procedures"
    label = "procedures"

    def ready(self) -> None:
        from planshift.procedures import (
            alarms,
            announcing,
            bank,
            change,
            deadlines,
            mailing,
            payment,
            price_news,
            renewal,
            sweep,
        )
        from planshift.procedures.correspondence import news
        from planshift.procedures.metering import drawing, paying, power

        for procedure in (
            alarms,
            announcing,
            bank,
            change,
            deadlines,
            drawing,
            mailing,
            news,
            payment,
            paying,
            power,
            price_news,
            renewal,
            sweep,
        ):
            procedure.define()
