from django.apps import AppConfig


class SimulatedDriverConfig(AppConfig):
    name = "planshift.adapters.drivers.simulated"
    label = "simulated_driver"
