from django.apps import AppConfig


class PanelConfig(AppConfig):
    name = "planshift.interfaces.panel"
    label = "panel"
