from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "planshift.procedures"
    label = "procedures"
