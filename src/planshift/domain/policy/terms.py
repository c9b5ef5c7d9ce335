"""What else must the regulation's page know? Names and examples that the page tells and no rule depends on."""

from planshift.domain.policy.vocabulary import NOTHING, Param, Params

PARAMS = (
    Param(name="provider", kind="text", doc="the provider's name, as the page uses it", default=""),
    Param(
        name="deposit_name",
        kind="words",
        doc="what the provider calls the client's deposit",
        default=Params({"en": "deposit", "pl": "Saldo Kaucji", "it": "deposito"}),
    ),
    Param(
        name="clauses",
        kind="values",
        doc="which clause of the provider's own regulation a key keeps, shown beside the figures that come of it",
        default=NOTHING,
    ),
    Param(
        name="examples",
        kind="rows",
        doc="changes that the page works out from the catalog",
        default=(),
        fields=(
            Param(name="from_plan", kind="text", doc="code of the present plan"),
            Param(name="to_plan", kind="text", doc="code of the target plan, for a change of plan", default=""),
            Param(name="term", kind="text", doc="the billing period, as in “12 months”", default="12 months"),
            Param(name="used", kind="text", doc="the time used when the change is made, as in “8 months”"),
            Param(name="to_term", kind="text", doc="another billing period, for a change of it", default=""),
            Param(name="resource", kind="text", doc="code of a resource, for a change of its amount", default=""),
            Param(name="before", kind="integer", doc="additional units of the resource before", default=0),
            Param(name="after", kind="integer", doc="additional units of the resource after", default=0),
        ),
    ),
    Param(
        name="additional",
        kind="rows",
        doc="further sections of the page, in the provider's own words",
        default=(),
        fields=(
            Param(name="heading", kind="words", doc="the heading of the section"),
            Param(name="text", kind="words", doc="its text; an empty line begins a new paragraph"),
        ),
    ),
)
