from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "planshift.provisioning"
    label = "provisioning"

    def ready(self) -> None:
        from planshift.provisioning import drift, engine, handover, usage, watching

        drift.define()
        engine.define()
        handover.define()
        usage.define()
        watching.define()
