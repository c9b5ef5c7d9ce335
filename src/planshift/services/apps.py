from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "planshift.services"
    label = "services"
