from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "planshift.runtime"
    label = "runtime"
