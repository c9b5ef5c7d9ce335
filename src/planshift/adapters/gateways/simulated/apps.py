from django.apps import AppConfig


class SimulatedGatewayConfig(AppConfig):
    name = "planshift.adapters.gateways.simulated"
    label = "simulated_gateway"
