"""How do a seller's catalog and policy come into force? Each is checked whole, also against the other, and loaded as a
revision that is never edited afterwards."""

from dataclasses import dataclass
from datetime import datetime

from planshift.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What is in force now."""

    seller: str
    revision: int  # the same text again makes no new one
    digest: str


def load_catalog(*, text: str, name: str, at: datetime, actor: str) -> Loaded:
    """Put a catalog (TOML) in force for the seller that it names; a new seller is made. `name` is that of the file.

    Raises toml_reading.BadDocument with every problem, loader.BadPolicy with everything in which the policy in force
    does not fit it. Refused: `seller_currency_fixed`, `price_raised_in_place`.
    """
    made = load.load_catalog(text=text, name=name, at=at, actor=actor)
    return Loaded(seller=made.seller.code, revision=made.number, digest=made.digest)


def load_policy(*, seller: str, text: str, at: datetime, actor: str) -> Loaded:
    """Put a policy (TOML) in force for a seller that has a catalog.

    Raises loader.BadPolicy with every finding, whatever does not fit the catalog in force included. Refused:
    `seller_unknown`.
    """
    made = load.load_policy(seller=seller, text=text, at=at, actor=actor)
    return Loaded(seller=seller, revision=made.number, digest=made.digest)
