"""What is a client, a service, an invoice of another system? The format of imports; docs/import-format.md is made
from this file."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from planshift.domain.importing import kinds

Language = Literal["en", "pl", "it"]
VatCode = Literal["standard", "zero", "exempt", "reverse_charge", "outside_scope", "oss"]


class Record(BaseModel):
    """One thing that comes in. Fields that the format does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Buyer(Record):
    """Who is on the invoice."""

    name: Annotated[str, Field(max_length=200), kinds.Filled]
    street: Annotated[str, Field(max_length=200), kinds.Filled]
    postcode: Annotated[str, Field(max_length=20), kinds.Maybe] = ""
    city: Annotated[str, Field(max_length=100), kinds.Filled]
    country: kinds.Country = Field(description="ISO 3166: PL")
    tax_id: Annotated[str, Field(max_length=30), kinds.Maybe] = ""
    is_business: kinds.YesNo
    fiscal_code: Annotated[str, Field(max_length=30, description="Italian codice fiscale"), kinds.Maybe] = ""
    recipient: Annotated[str, Field(max_length=7, description="SdI code of the recipient"), kinds.Maybe] = ""
    pec: Annotated[str, Field(max_length=254, description="certified mail address (SdI)"), kinds.Maybe] = ""
    province: Annotated[str, Field(max_length=2), kinds.Maybe] = ""
    endpoint: Annotated[str, Field(max_length=80, description="Peppol: 9945:PL5260250274"), kinds.Maybe] = ""

    @property
    def legal(self) -> dict[str, str]:
        """What e-invoices need beyond the address (domain.documents.LEGAL)."""
        names = ("fiscal_code", "recipient", "pec", "province", "endpoint")
        return {name: value for name in names if (value := getattr(self, name))}


class ClientIn(Record):
    """A client. Number and access to the panel are made here; the buyer's data count as confirmed for invoicing."""

    reference: kinds.Reference
    name: Annotated[str, Field(max_length=200), kinds.Filled]
    email: kinds.Email = Field(description="contact address: corrective invoices go here")
    language: Language
    since: kinds.Day = Field(description="client since this day")
    buyer: Buyer
    bill_day: Annotated[int, Field(ge=0, le=31, description="billing day of the account; 0: none"), kinds.Whole] = 0
    time_zone: kinds.TimeZone = Field(default="", description="such as Europe/Rome; empty: the seller's")
    login: kinds.YesNo = Field(default=False, description="the contact address may sign in (by a link sent to it)")
    deposit: kinds.Amount | None = Field(default=None, description="balance that is taken over, above 0")
    account_credit: kinds.Amount | None = Field(
        default=None, description="credit that is taken over, above 0: pays later orders, is never paid out"
    )


BALANCES = ("deposit", "account_credit")  # fields of ClientIn


class ServiceIn(Record):
    """A service that runs already, with the term that is paid."""

    reference: kinds.Reference
    client: kinds.Reference = Field(description="reference of an imported client, or its number here: C-1001")
    label: Annotated[str, Field(max_length=200, description="what the client calls it: a domain"), kinds.Filled]
    family: kinds.Code = Field(description="of the catalog")
    plan: kinds.Code = Field(description="of the catalog")
    months: Annotated[int, Field(ge=1, le=120, description="billing period"), kinds.Whole]
    start_on: kinds.Day = Field(description="first day of the running term")
    end_on: kinds.Day | None = Field(default=None, description="day after its last day; empty: `months` later")
    auto_renew: kinds.YesNo = False
    additional: Mapping[kinds.Code, Annotated[int, Field(ge=0, le=999_999_999), kinds.Whole]] = Field(
        default_factory=dict, description="resources beside the plan's own: ip=2 memory=4"
    )
    attached_to: kinds.Reference | None = Field(default=None, description="reference or number of the main service")
    server: kinds.Code | None = Field(default=None, description="code of the server that it lives on")
    account: Annotated[str, Field(max_length=80, description="what that server calls it"), kinds.Maybe] = ""


class LineIn(Record):
    """One line of an invoice, as it was issued. Amounts are not computed again."""

    text: Annotated[str, Field(max_length=500), kinds.Filled]
    service: kinds.Reference | None = Field(default=None, description="reference or number of the service")
    component: Annotated[
        str,
        Field(max_length=80, pattern=r"^(plan|setup|fee|resource:[a-z0-9_-]{1,40}|)$"),
        kinds.Maybe,
    ] = Field(default="", description="what is billed: plan, resource:ip, setup, fee; empty: nothing of a service")
    quantity: Annotated[int, Field(ge=1, le=1_000_000), kinds.Whole] = 1
    start_on: kinds.Day | None = Field(default=None, description="first day that is paid for")
    end_on: kinds.Day | None = Field(default=None, description="day after the last one")
    vat_code: VatCode = "standard"
    vat_percent: kinds.Percent = Field(description="23")
    net: kinds.Amount
    tax: kinds.Amount
    paid: kinds.Amount | None = Field(default=None, description="gross amount that was paid of it; empty: all")


class InvoiceIn(Record):
    """An invoice that was issued elsewhere. Its number stays; it can be corrected like one of ours."""

    number: kinds.Number
    client: kinds.Reference = Field(description="reference of an imported client, or its number here: C-1001")
    e_invoice_number: Annotated[
        str, Field(max_length=60, pattern=r"^[!-~]*$", description="of KSeF or SdI"), kinds.Maybe
    ] = ""
    issued_on: kinds.Day
    sold_on: kinds.Day | None = Field(default=None, description="tax point; empty: the day of issue")
    paid_on: kinds.Day | None = Field(default=None, description="empty: the day of issue")
    language: Language | None = Field(default=None, description="empty: the client's")
    currency: kinds.Currency
    buyer: Buyer | None = Field(default=None, description="as on the paper; empty: the client's data")
    lines: Annotated[tuple[LineIn, ...], Field(min_length=1, max_length=200)]
    gross: kinds.Amount | None = Field(default=None, description="total on the paper, compared with the lines")


KINDS: Mapping[str, type[Record]] = MappingProxyType(
    {"clients": ClientIn, "services": ServiceIn, "invoices": InvoiceIn}
)
