from django.apps import AppConfig


class ManualDriverConfig(AppConfig):
    name = "planshift.adapters.drivers.manual"
    label = "manual_driver"
