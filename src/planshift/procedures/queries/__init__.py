"""What the doors read: one module per question, one function per page, frozen views out."""

from planshift.procedures.queries.changes import change as change
from planshift.procedures.queries.choices import names_of as names_of
from planshift.procedures.queries.choices import options as options
from planshift.procedures.queries.choices import periods as periods
from planshift.procedures.queries.choices import resources as resources
from planshift.procedures.queries.choices import what_if as what_if
from planshift.procedures.queries.lists import changes_page as changes_page
from planshift.procedures.queries.lists import clients_page as clients_page
from planshift.procedures.queries.lists import services_page as services_page
from planshift.procedures.queries.orders import order as order
from planshift.procedures.queries.papers import invoice_pdf as invoice_pdf
from planshift.procedures.queries.papers import invoices as invoices
from planshift.procedures.queries.papers import money as money
from planshift.procedures.queries.papers import proforma_pdf as proforma_pdf
from planshift.procedures.queries.people import client_of as client_of
from planshift.procedures.queries.people import demo_people as demo_people
from planshift.procedures.queries.people import is_staff as is_staff
from planshift.procedures.queries.quotes import kept_quote as kept_quote
from planshift.procedures.queries.quotes import quote as quote
from planshift.procedures.queries.rulebook import help_vote as help_vote
from planshift.procedures.queries.rulebook import help_votes as help_votes
from planshift.procedures.queries.rulebook import rulebook as rulebook
from planshift.procedures.queries.services import service as service
from planshift.procedures.queries.services import service_card as service_card
from planshift.procedures.queries.services import services_of as services_of
from planshift.services.queries import NotFound as NotFound
