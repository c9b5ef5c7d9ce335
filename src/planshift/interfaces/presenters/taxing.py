"""How is something taxed, in words? For staff, from treatments and rates."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planshift.domain.errors import Reason
from planshift.interfaces.presenters import reasons

TREATMENTS = {
    "standard": gettext_lazy("VAT of the seller"),
    "zero": gettext_lazy("VAT of the seller"),
    "reverse_charge": gettext_lazy("Reverse charge"),
    "oss": gettext_lazy("VAT of the buyer's country (OSS)"),
    "outside_scope": gettext_lazy("Outside the scope of VAT"),
}
WHAT = {
    "order": gettext_lazy("Order of a change"),
    "invoice": gettext_lazy("Invoice of a change"),
    "renewal": gettext_lazy("Renewal"),
    "correction": gettext_lazy("Corrective invoice"),
}
DECIDED = {
    "kept": gettext_lazy("Paid: it keeps its price and its VAT"),
    "priced_anew": gettext_lazy("Not paid: taken back and priced anew"),
    "as_documented": gettext_lazy("The VAT of the corrected invoice holds"),
}


def taxed(told: Mapping[str, str]) -> str:
    """One way to tax, such as "Reverse charge, 0 % (DE)"; or why nobody can tell."""
    if why := told.get("unknown"):
        return reasons.sentence(Reason(why, {}))
    treatment = str(TREATMENTS.get(told.get("treatment", ""), told.get("treatment", "")))
    found = _("%(treatment)s, %(rate)s %%") % {"treatment": treatment, "rate": told.get("rate", "")}
    country, proof = told.get("country", ""), told.get("proof", "")
    return found + (f" ({country})" if country else "") + (f" · {proof}" if proof else "")
