from django.apps import AppConfig


class ByHttpConfig(AppConfig):
    name = "planshift.adapters.drivers.by_http"
    label = "vendor_drivers"
