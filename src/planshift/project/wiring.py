"""The only place that names adapters: each outside party is bound to its port here."""


def wire() -> None:
    """Bind drivers, gateways and document renderers to their ports. Called once, when Django is ready."""
    from planshift.adapters.drivers.simulated import driver, faults
    from planshift.provisioning import ports as provisioning

    provisioning.bind(
        {"simulated": driver.SimulatedDriver()}, dns={"simulated": driver.SimulatedDns()}, simulation=faults
    )
