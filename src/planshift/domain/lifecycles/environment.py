"""The life of an environment: one account or machine at a server that serves, served or shall serve a service."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="environment",
    doc="A service has one active environment; during a hard change there are two.",
    states={
        "PREPARING": "being created, not yet in use",
        "ACTIVE": "the one that serves the service",
        "OLD": "replaced, still kept",
        "QUARANTINED": "no longer served, data still kept",
        "RETIRED": "gone from the server",
    },
    initial="PREPARING",
    moves={
        ("PREPARING", "came_into_use"): "ACTIVE",
        ("ACTIVE", "replaced"): "OLD",
        ("OLD", "quarantined"): "QUARANTINED",
        **{(state, "removed"): "RETIRED" for state in ("PREPARING", "ACTIVE", "OLD", "QUARANTINED")},
    },
    events={
        "came_into_use": "the point of no return of the execution that created it",
        "replaced": "another environment came into use",
        "quarantined": "it stopped serving after the hold and the removal notice",
        "removed": "the server confirmed that it is gone",
    },
    final=frozenset({"RETIRED"}),
)
