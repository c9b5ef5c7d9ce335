from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "planshift.provisioning"
    label = "provisioning"

    def ready(self) -> None:
        from planshift.provisioning import engine, handover, usage, watching

        engine.define()
        handover.define()
        usage.define()
        watching.define()
