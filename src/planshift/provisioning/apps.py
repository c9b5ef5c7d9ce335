from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "planshift.provisioning"
    label = "provisioning"
