"""Every reason why not, in plain words: code → sentence with %(fact)s. Codes are raised all over the house."""

from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from planshift.interfaces.presenters.refusals_of_imports import OF_IMPORTS


class Counted(NamedTuple):
    """A sentence in singular and plural, by the fact that it counts."""

    by: str
    words: Any  # of ngettext_lazy

    def form(self, count: object) -> str:
        """The form for a count; the plural where it is no whole number."""
        return str(self.words % (count if type(count) is int else 2))


# Why a change is not possible, or not now: what clients read most.
OF_CHANGES: dict[str, str | Promise | Counted] = {
    "auto_renewal_off": _("Auto-renewal is off, so the deposit is not drawn by itself."),
    "by_payment_only": _("Your provider takes a payment for every order."),
    "balance_too_low": _("The balance is too low for this."),
    "change_open": _("Another change of this service is still open. It has to be finished or withdrawn first."),
    "change_not_paid": _("A change of this service waits for its payment first."),
    "decrease_not_accepted": _("A decrease of this service waits for your answer first."),
    "next_term_paid": _(
        "The term from %(start)s on is already paid for what the service becomes. The change can no longer be taken "
        "back; you can order the next one once it is done."
    ),
    "later_period_paid": _(
        "The service is already paid until %(until)s, beyond the running term. This change is possible in the last "
        "term that is paid."
    ),
    "terms_overlap": _("The days from %(start)s to %(end)s are already sold."),
    "order_invoiced": _("The order %(order)s is already invoiced."),
    "change_under_way": _("Change %(change)s of this service is still open. It has to be finished or withdrawn first."),
    "changed_too_recently": Counted(
        "days",
        ngettext_lazy(
            "A change is possible %(days)s day after the last one (days since then: %(days_since)s).",
            "A change is possible %(days)s days after the last one (days since then: %(days_since)s).",
        ),
    ),
    "credentials_expired": _("The access data is no longer kept. Ask your provider for a new one."),
    "credentials_none": _("There is no access data to show."),
    "credentials_shown": _("The access data was already shown, on %(at)s. It is shown only once."),
    "later_credit_too_large": _(
        "More would be given back with the next term than that term costs: nearer to the renewal it can be ordered."
    ),
    "acceptance_over": _("There is nothing to accept any more: it was answered, taken back, or its time is over."),
    "acceptance_not_asked": _("The corrective invoice is being made. Please look again in a moment."),
    "accepted_already": _("The corrective invoice is accepted already."),
    "execution_under_way": _("Execution %(number)s is not over: roll it back first."),
    "counts_in_another_unit": _("The position in the term is not known in the unit that is needed."),
    "currencies_differ": _("Prices and rules are in different currencies."),
    "day_of_change_not_known": _("The day of the change is not known."),
    "next_term_not_offered": _("This change is not offered for the next term."),
    "decrease_not_offered": _("A change to a cheaper plan is not offered."),
    "deposit_too_small": _("The deposit lacks %(missing)s."),
    "deposit_empty": _("The deposit is empty."),
    "deposit_too_low": _("The deposit (%(balance)s) does not cover %(wanted)s."),
    "account_credit_too_low": _("The account credit (%(balance)s) does not cover %(wanted)s."),
    "account_credit_amount": _("Please enter an amount above zero."),
    "account_credit_currency": _("The account credit is kept in %(expected)s."),
    "account_credit_not_granted": _(
        "Of the credit that you granted %(left)s is not used: %(wanted)s cannot be taken back."
    ),
    "account_credit_needs_consent": _(
        "The account credit covers this renewal. Auto-renewal is off, so it is used only when you say so."
    ),
    "account_credit_for_renewals": _("The account credit is used for renewals only."),
    "equal_price_not_offered": _("A change to a plan at the same price is not offered."),
    "increase_and_decrease_apart": _("More of %(up)s and less of %(down)s have to be ordered apart."),
    "how_needed": _("Please say how the client told you: by telephone, in writing or in person."),
    "kind_after_acceptance": _("The client has accepted the decrease: what was accepted is carried out."),
    "kind_after_payment": _(
        "The change is paid, and its invoice cannot be lowered to that price: it is in force, being given up, "
        "lowered already, or a part of it would cost more."
    ),
    "kind_not_cheaper": _("The change is paid, and as that kind of change it would cost the same."),
    "kind_is_that_already": _("It is that kind of change already."),
    "kind_raises_price": _("The change is paid: what staff decide now can never raise its price (by %(difference)s)."),
    "length_of_term_not_known": _("The length of the term is not known."),
    "at_once_not_metered": _("A change without an order is possible only for services billed by the hour."),
    "service_blocked": _("The service is blocked until your prepaid balance is topped up."),
    "not_metered": _("There is no service billed by the hour here."),
    "prepaid_amount": _("Please enter an amount above zero."),
    "prepaid_currency": _("The prepaid balance is kept in %(expected)s."),
    "prepaid_too_low": _("The prepaid balance is %(balance)s: %(wanted)s is more than that."),
    "no_capacity": _("There is no room for this at the moment: %(resources)s."),
    "no_price_for_period": _("%(plan)s is not sold for your billing period (%(length)s)."),
    "no_billing_period": _("%(plan)s has no billing period: it is counted by the hour."),
    "period_not_sold": _("%(plan)s is sold for these billing periods only (in months): %(months)s."),
    "nothing_to_buy_time_from": _("There is no unused value left to buy time from."),
    "drift_closed": _("This difference is closed already."),
    "drift_not_possible": _("This cannot be done about such a difference."),
    "drift_under_way": _("Our state is being set again already: wait for the next look."),
    "amount_not_whole": _("Please give each amount as a whole number; -1 means unlimited."),
    "pause_without_reason": _("The clock of a promise pauses only for a stated reason: please choose one."),
    "clock_not_running": _("Nothing is promised for change %(number)s, or it is in force already."),
    "clock_paused": _("The clock of change %(number)s is paused already."),
    "clock_not_paused": _("The clock of change %(number)s is not paused."),
    "not_awaiting_staff": _("Change %(number)s does not wait for your decision."),
    "not_announced_in_time": Counted(
        "days",
        ngettext_lazy(
            "This change has to be announced %(days)s day ahead.",
            "This change has to be announced %(days)s days ahead.",
        ),
    ),
    "nothing_changes": _("That is what you have already."),
    "notices_not_acknowledged": _("Every notice has to be confirmed before you can order."),
    "notices_not_of_this_quote": _("The confirmed notices do not belong to this quote. Open the quote again."),
    "only_in_the_last_month": _("The billing period can be changed in the last month of the term only."),
    "only_longer_periods": _("Only a longer billing period can be chosen."),
    "only_staff_may_order": _("This change is arranged by our staff. Please write to us."),
    "only_the_owner_may_ask": _("Only the owner of the service can ask for this."),
    "other_family_not_offered": _("A change to another family of plans is not offered."),
    "other_payment_method_needed": _("This change needs another way of paying: %(methods)s."),
    "period_change_not_offered": _("The billing period of this service cannot be changed on its own."),
    "position_in_term_not_known": _("How much of the term is left is not known."),
    "refused_by_policy": _("%(reason)s"),
    "plan_changes_not_offered": _("Plan changes are not offered for this family of services."),
    "plan_not_in_catalog": _("There is no such plan."),
    "plan_not_offered": _("%(plan)s is not offered at the moment."),
    "plan_not_sold": _("%(plan)s is not offered at the moment."),
    "renewal_already_issued": _("The renewal has been invoiced already (%(document)s). It has to be settled first."),
    "renewal_not_paid": _("The renewal %(document)s has not been paid yet."),
    "resource_above_maximum": _("%(resource)s: at most %(maximum)s additional."),
    "resource_below_plan": _("%(resource)s: %(included)s are a fixed part of the plan and cannot be given up."),
    "resource_never_shrinks_in_place": _(
        "%(resource)s never gets smaller in place: you have %(present)s, there it would be %(target)s."
    ),
    "resource_cannot_shrink": _("%(resource)s can only grow: you have %(present)s additional now."),
    "resource_fixed_in_plan": _("%(resource)s is a fixed part of the plan: no additional amount can be bought."),
    "resource_not_in_steps": _("%(resource)s comes in steps of %(step)s."),
    "resource_not_in_target": _("Your additional amount of %(resource)s cannot be kept in %(plan)s."),
    "resource_unknown": _("%(plan)s has no resource %(resource)s."),
    "same_billing_period": _("This is your billing period already."),
    "same_plan": _("This is your plan already."),
    "service_without_term": _("The service has no paid term that could be changed."),
    "choice_not_offered": _("Nobody chooses here how the change is settled: please leave “%(choice)s” out."),
    "settlement_to_be_chosen": _("Please choose how the change is settled: %(options)s."),
    "term_is_over": _("The paid term is over. Renew first."),
    "term_not_begun": _("The paid term has not begun yet."),
    "term_too_long": _("The term would be too long."),
    "too_late_before_term_end": Counted(
        "days",
        ngettext_lazy(
            "Too close to the end of the term: possible until %(days)s day before it (days left: %(remaining_days)s).",
            "Too close to the end of the term: possible until %(days)s days before it (days left: %(remaining_days)s).",
        ),
    ),
    "too_little_time_left": Counted(
        "months",
        ngettext_lazy(
            "Less than %(months)s month of the term is left: renew first.",
            "Less than %(months)s months of the term are left: renew first.",
        ),
    ),
    "unpaid_documents": _("There are unpaid invoices: %(documents)s. They have to be settled first."),
    "usage_not_known": _("We do not know yet how much the service uses. Try again in a few minutes."),
    "usage_reading_too_old": _("The last reading of what the service uses is too old. Try again in a few minutes."),
    "usage_too_big": _("You use more than the target holds: %(resources)s. Make room first."),
}

# What went wrong between a form and us.
OF_FORMS: dict[str, str | Promise] = {
    "amount_unreadable": _("“%(text)s” is not a whole number that we can use here."),
    "bad_cursor": _("This page of the list does not exist. Start again at the first page."),
    "gone": _("It no longer exists."),
    "key_bad": _("The form was incomplete. Go back and send it again."),
    "nothing_to_accept": _("There is nothing to accept in %(change)s."),
    "key_reused": _("The same key was already used for something else. Load the page again, or send a new key."),
    "move_not_allowed": _("That is no longer possible in the present state."),
    "mail_decided": _("It has been decided already what this mail means."),
    "mail_matches_nothing": _("This mail answers none of ours. It can only be set aside."),
    "mail_address_bad": _("No mail can be sent to %(address)s."),
    "note_needed": _("Please give a reason."),
    "nothing_to_confirm": _("There is nothing to confirm at the moment."),
    "quote_expired": _("The quote %(quote)s expired on %(expires_at)s. Ask for a new one: it shows today's price."),
    "quote_ordered": _("The quote %(quote)s has been ordered already."),
    "quote_over": _("The quote %(quote)s is over: it cannot be decided anew. Make a new one."),
    "quote_replaced": _("Another quote has taken the place of %(quote)s. Open that one."),
    "quote_stale": _("Something about the service has changed since the quote %(quote)s was made. Ask for a new one."),
    "request_unreadable": _("The form could not be read. Go back and send it again."),
    "length_not_understood": _("“%(text)s” is not a billing period."),
    "period_bounds_mixed": _("The dates do not fit together."),
    "period_ends_before_it_starts": _("The end is before the start."),
    "instant_without_zone": _("The time has no time zone."),
    "date_out_of_range": _("This date is out of range."),
}

# Money: orders, payments, documents, deposits.
OF_MONEY: dict[str, str | Promise] = {
    "deposit_statement_too_long": _("A statement holds at most %(most)s movements: choose a shorter period."),
    "bad_account_pattern": _("“%(pattern)s” is no pattern of an account with the client's number in it."),
    "e_invoice_not_wanted": _("%(number)s is no e-invoice: its PDF is the invoice."),
    "e_invoice_number_differs": _("%(number)s has the e-invoice number %(known)s already; it is never changed."),
    "e_invoice_number_unfit": _("That is no e-invoice number: at most 60 letters, digits and signs without blanks."),
    "iban_wrong": _("“%(iban)s” is no IBAN: please check it letter by letter."),
    "no_receipt": _("There is no receipt for order %(order)s."),
    "payout_closed": _("The payout %(number)s is over already."),
    "payout_holder": _("Please say who owns the bank account."),
    "payout_unknown": _("There is no payout %(number)s."),
    "period_unreadable": _("Please give a first and a last day, the last one not before the first."),
    "buyer_not_confirmed": _("There is no confirmed buyer data yet to write an invoice to."),
    "change_not_undoable": _("The change %(number)s cannot be given up any more, or not yet."),
    "client_of_other_seller": _("The client belongs to another seller."),
    "correction_amount_wrong": _("%(asked)s is not an amount that can be given back."),
    "correction_beyond_paid": _(
        "Line %(line)s of %(document)s: %(asked)s cannot be given back, at most %(allowed)s is left of what was paid."
    ),
    "correction_currency_differs": _("%(document)s is in %(currency)s: %(asked)s cannot be given back with it."),
    "correction_draft_unknown": _("There is no such correction."),
    "correction_not_accepted": _("The client has not accepted the correction %(number)s yet."),
    "correction_of_unknown_line": _("There is no line %(line)s in a document %(document)s."),
    "correction_outdated": _(
        "Another correction of %(document)s was issued since this one was drawn up. It must be drawn up anew."
    ),
    "correction_outside_its_time": _(
        "Line %(line)s of %(document)s was not paid for the time from %(start)s to %(end)s."
    ),
    "correction_undone_already": _("The correction %(number)s has been taken back already."),
    "correction_unknown": _("The document %(document)s has no correction %(number)s."),
    "credit_too_small": _("The credit does not cover order %(order)s: %(missing)s is missing."),
    "credit_beyond_paid": _("%(asked)s cannot be given back, at most %(allowed)s is left of what was paid."),
    "credit_without_document": _("There is no invoice from which the remaining %(missing)s could be given back."),
    "deposit_amount": _("%(amount)s is not possible here: the amount must be above zero."),
    "deposit_currency": _("The deposit is kept in %(expected)s."),
    "document_unknown": _("There is no document %(number)s."),
    "document_corrected": _("Invoice %(number)s has been corrected since: what paid it stays where it is."),
    "not_put_there": _("Payment %(payment)s pays nothing of invoice %(number)s."),
    "document_paid": _("Invoice %(number)s is paid already."),
    "draw_not_possible": _("%(wanted)s cannot be drawn: only %(lacking)s is still due."),
    "gateway_silent": _(
        "The payment page cannot be reached at the moment. Nothing was paid: try again, or pay by transfer."
    ),
    "gateway_unknown": _("This way of paying is not available."),
    "invoice_date_in_future": _("An invoice cannot be dated in the future."),
    "no_deposit": _("Your provider keeps no deposits."),
    "no_renewal_price": _("There is no renewal price for this billing period."),
    "not_so_much_unapplied": _("Payment %(payment)s has less left than that."),
    "nothing_to_credit": _("This document gives nothing back."),
    "nothing_to_correct": _("Nothing is left to give back of %(documents)s."),
    "order_expired": _("The order lapsed on %(expires_at)s."),
    "order_negative": _("An order cannot be negative."),
    "order_not_open": _("Order %(order)s is not open for payment."),
    "order_not_paid": _("Order %(order)s is not paid."),
    "order_unknown": _("There is no such order."),
    "other_currency": _("Payment %(payment)s is in another currency than order %(order)s."),
    "payment_differs": _("Payment %(payment)s was recorded with another amount."),
    "payment_identified": _("Payment %(payment)s is already assigned."),
    "payment_amount_unreadable": _("“%(text)s” is not an amount. Write it like 26.84."),
    "payment_intent_unknown": _("The payment does not belong to any order."),
    "payment_matches_nothing": _("Nothing matches the reference %(reference)s."),
    "payment_not_positive": _("A payment must be more than zero."),
    "payment_of_other_client": _("Payment %(payment)s belongs to another client than order %(order)s."),
    "payment_unidentified": _("Payment %(payment)s is not assigned to a client yet."),
    "payment_unknown": _("There is no payment %(payment)s."),
    "statement_missing": _("Choose a statement file first."),
    "statement_too_big": _(
        "The file is larger than %(megabytes)s MB: import it with the command “planshift statements”."
    ),
    "line_explained": _("Line %(line)s was explained in the meantime."),
    "line_no_credit": _("Line %(line)s is no money that came in."),
    "line_no_debit": _("Line %(line)s is no money that went out."),
    "return_does_not_fit": _("Line %(line)s is not what was or could be returned of payment %(payment)s."),
    "statement_account_shared": _(
        "Account %(account)s belongs to several sellers: a statement of it cannot be imported."
    ),
    "statement_account_unknown": _(
        "The statement is of account %(account)s, which is none of yours. Nothing was imported."
    ),
    "statement_unreadable": _(
        "This file cannot be read as a bank statement (%(why)s %(where)s). Nothing was imported."
    ),
    "topup_from_deposit": _("A top-up cannot be paid from the deposit itself."),
}

# Work on machines and the staff's buttons.
OF_WORK: dict[str, str | Promise] = {
    "bad_document_pattern": _("The pattern of document numbers cannot be used."),
    "client_unknown": _("There is no client %(client)s."),
    "clock_not_movable": _("The clock of this installation cannot be moved."),
    "clock_only_forward": _("The clock can only be moved ahead, from %(now)s."),
    "country_without_calendar": _("There is no calendar of business days for %(country)s."),
    "document_number_too_long": _("The document number %(number)s is too long."),
    "execution_open": _("Work on this service is still under way."),
    "execution_over": _("The work %(number)s is over."),
    "execution_unknown": _("There is no work %(number)s."),
    "has_environment": _("The service already has an environment."),
    "no_environment": _("The service has no environment yet."),
    "no_document_renderer": _("Documents cannot be printed on this installation."),
    "no_notice_due": _("No notice is due."),
    "not_stuck": _("The work %(number)s is not stuck."),
    "nothing_to_report": _("There is nothing to report."),
    "point_of_no_return_passed": _("The point of no return has passed."),
    "proof_needed": _("Proof is needed."),
    "run_not_found": _("There is no run %(key)s."),
    "run_not_for_you": _("This cannot be done with the run %(key)s, or not by you."),
    "run_still_needed": _("What the run %(key)s stands for is still under way: it cannot be cancelled."),
    "run_not_possible": _("That is not possible for a run in the state %(state)s."),
    "run_unknown_step": _("The run has no step %(step)s."),
    "seller_currency_fixed": _("The currency of a seller cannot change."),
    "price_raised_in_place": _(
        "%(what)s in the plan %(plan)s would cost existing clients more from %(on)s: %(now)s, not %(was)s "
        "(%(length)s). Leave the former price in the catalog and give the new one a day of its own (from): then they "
        "are told of it."
    ),
    "seller_without_catalog": _("The seller has no catalog yet."),
    "seller_without_policy": _("The seller has no policy yet."),
    "seller_unknown": _("There is no seller %(seller)s."),
    "driver_unknown": _("This installation has no driver or name service called %(driver)s."),
    "host_key_wrong": _("That is no public host key of SSH."),
    "nothing_to_install": _("Servers of the driver %(driver)s need nothing installed."),
    "server_code_wrong": _("The code of a server has small letters, digits and hyphens: %(code)s has not."),
    "server_setting_wrong": _("The agent has no such setting, or not with such a value: %(setting)s."),
    "server_unknown": _("There is no server %(code)s."),
    "step_needed": _("The step %(step)s cannot be left out."),
    "task_field_wrong": _("The field %(field)s is missing, or not as it must be."),
    "task_unknown": _("There is no open task %(task)s."),
    "token_bad": _("The access token is not valid."),
    "token_expired": _("The access token has expired."),
}

# Why a document cannot be written as an e-invoice: read by staff.
OF_EINVOICES: dict[str, str | Promise] = {
    "vat_evidence_contradicts": _(
        "Where you live is not clear: the address says %(country)s, something else says otherwise. Please write to us."
    ),
    "vat_evidence_unreadable": _("“%(kind)s” from “%(country)s” cannot be kept: a country is two letters, such as DE."),
    "vat_evidence_missing": _(
        "Your VAT depends on where you live; besides the address in %(country)s one more proof is "
        "needed. Please write to us."
    ),
    "vat_proof_old": _(
        "Your VAT number %(number)s was last confirmed on %(since)s and has to be confirmed again. Please write to us."
    ),
    "vat_number_missing": _("Client %(client)s has no VAT number of an EU country in the newest buyer data."),
    "vat_rate_unknown": _("The VAT rate of %(country)s on %(on)s is not known here. Please write to us."),
    "einvoice_amount_too_fine": _("Document %(document)s has an amount with more than two decimals."),
    "einvoice_buyer_id_wrong": _("The tax number %(tax_id)s of the buyer %(name)s cannot be right."),
    "einvoice_data_missing": _("For the e-invoice of %(document)s this is missing: %(what)s."),
    "einvoice_exchange_rate_missing": _(
        "The tax of %(document)s has to be told in the currency of the seller's country; there is no exchange rate for "
        "%(currency)s."
    ),
    "einvoice_kind_unfit": _("%(document)s is no invoice and no correction."),
    "einvoice_number_unfit": _(
        "The number %(document)s does not fit: an e-invoice takes at most 20 plain characters, one of them a digit."
    ),
    "einvoice_rate_unknown": _("The e-invoice of %(document)s has no field for VAT of %(percent)s %%."),
    "einvoice_rates_mixed": _(
        "What is outside the scope of VAT stands on a document of its own, unlike in %(document)s."
    ),
    "einvoice_recipient_unfit": _(
        "The recipient code %(recipient)s of %(name)s is not that of a business: public bodies are not served yet."
    ),
    "einvoice_reference_missing": _("The correction %(document)s does not name the document that it corrects."),
    "einvoice_reference_not_cleared": _(
        "The correction %(document)s has to wait: %(corrects)s has no number of the clearing system yet."
    ),
    "einvoice_reference_unfit": _("The document that %(document)s refers to cannot be right: its date or its number."),
    "einvoice_seller_id_wrong": _("The tax number %(tax_id)s of the seller %(name)s cannot be right."),
    "einvoice_sign_wrong": _("The total of %(document)s has the wrong sign: %(total)s."),
    "einvoice_sum_differs": _("The lines of %(document)s sum to %(sum)s, its total is %(total)s."),
    "einvoice_tax_differs": _("%(document)s has %(tax)s of VAT at %(percent)s %%; %(due)s is due."),
    "einvoice_tax_where_none": _("%(document)s has %(tax)s of VAT where none is due."),
    "einvoice_without_lines": _("Document %(document)s has no lines."),
    "no_einvoice_writer": _("This installation writes no e-invoices of the format %(format)s."),
}

SENTENCES: dict[str, str | Promise | Counted] = {
    **OF_CHANGES,
    **OF_FORMS,
    **OF_MONEY,
    **OF_WORK,
    **OF_EINVOICES,
    **OF_IMPORTS,
}
