import os
import signal
from typing import Any

from django.apps import AppConfig


class DyingConfig(AppConfig):
    name = "tests.machines.dying"
    label = "dying"

    def ready(self) -> None:
        from planshift.provisioning import ports

        driver: Any = ports.driver("simulated")
        verb = os.environ["DIE_AFTER"]
        real = getattr(driver, verb)

        def deadly(**said: Any) -> Any:
            real(**said)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(driver, verb, deadly)
