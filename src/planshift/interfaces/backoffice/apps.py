from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "planshift.interfaces.backoffice"
    label = "backoffice"
