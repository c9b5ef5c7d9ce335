"""Who makes a plain server one of a driver's? Drivers of panels and clouds have nobody: there is nothing to install."""

from collections.abc import Mapping
from typing import Protocol


class Installer(Protocol):
    """Makes plain servers ready for one driver."""

    def script(self, *, server: str, settings: Mapping[str, str | int]) -> str:
        """A shell script for the server's root; running it again upgrades. ValueError names a setting that is none."""
        ...


_installers: dict[str, Installer] = {}


def bind(installers: Mapping[str, Installer]) -> None:
    """By the driver's code (`project.wiring`). Binding again replaces all of them."""
    _installers.clear()
    _installers.update(installers)


def installer(driver: str) -> Installer | None:
    """The one of `driver`, if there is any."""
    return _installers.get(driver)
