"""What the doors read: one frozen dataclass per page, made by `procedures.queries`. No models, no sentences.

Sentences are made at the door from codes and facts (`Reason`), in the reader's language.
Amounts are `Money` (exact) or `Taxed` (net, tax, gross); `_at` is an aware instant, `_on` a date in the seller's zone.
`Words` is a text of the catalog in several languages: {"en": "IP addresses", "pl": "Adresy IP", …}, or a plain str.
"""

from planshift.procedures.views.accepting import Accepting as Accepting
from planshift.procedures.views.accepting import CorrectedLine as CorrectedLine
from planshift.procedures.views.accepting import CorrectivePaper as CorrectivePaper
from planshift.procedures.views.accepting import MailRow as MailRow
from planshift.procedures.views.accepting import Thread as Thread
from planshift.procedures.views.choices import Choice as Choice
from planshift.procedures.views.choices import KeptQuote as KeptQuote
from planshift.procedures.views.choices import Option as Option
from planshift.procedures.views.choices import OptionsPage as OptionsPage
from planshift.procedures.views.choices import PeriodOption as PeriodOption
from planshift.procedures.views.choices import PeriodsPage as PeriodsPage
from planshift.procedures.views.choices import Preview as Preview
from planshift.procedures.views.choices import QuotePage as QuotePage
from planshift.procedures.views.choices import QuoteState as QuoteState
from planshift.procedures.views.choices import ResourcesPage as ResourcesPage
from planshift.procedures.views.choices import Shrink as Shrink
from planshift.procedures.views.metering import DrawRow as DrawRow
from planshift.procedures.views.metering import Draws as Draws
from planshift.procedures.views.metering import Meter as Meter
from planshift.procedures.views.metering import MeteredLine as MeteredLine
from planshift.procedures.views.metering import Prepaid as Prepaid
from planshift.procedures.views.metering import PrepaidPage as PrepaidPage
from planshift.procedures.views.orders import ChangePage as ChangePage
from planshift.procedures.views.orders import Credentials as Credentials
from planshift.procedures.views.orders import Duty as Duty
from planshift.procedures.views.orders import ListedChange as ListedChange
from planshift.procedures.views.orders import OrderPage as OrderPage
from planshift.procedures.views.orders import Settling as Settling
from planshift.procedures.views.orders import TimelineStep as TimelineStep
from planshift.procedures.views.orders import TransferData as TransferData
from planshift.procedures.views.papers import InvoiceRow as InvoiceRow
from planshift.procedures.views.papers import MoneyPage as MoneyPage
from planshift.procedures.views.papers import OrderRow as OrderRow
from planshift.procedures.views.papers import Page as Page
from planshift.procedures.views.papers import Posting as Posting
from planshift.procedures.views.papers import Rulebook as Rulebook
from planshift.procedures.views.services import AttachedService as AttachedService
from planshift.procedures.views.services import Buyer as Buyer
from planshift.procedures.views.services import ChangeRef as ChangeRef
from planshift.procedures.views.services import ChangeRow as ChangeRow
from planshift.procedures.views.services import ClientChoice as ClientChoice
from planshift.procedures.views.services import ClientHeader as ClientHeader
from planshift.procedures.views.services import ClientRow as ClientRow
from planshift.procedures.views.services import DemoPerson as DemoPerson
from planshift.procedures.views.services import OperationDoor as OperationDoor
from planshift.procedures.views.services import ResourceRow as ResourceRow
from planshift.procedures.views.services import ServiceCard as ServiceCard
from planshift.procedures.views.services import ServicePage as ServicePage
from planshift.procedures.views.services import WaitingQuote as WaitingQuote
from planshift.procedures.views.words import Direction as Direction
from planshift.procedures.views.words import Kind as Kind
from planshift.procedures.views.words import Names as Names
from planshift.procedures.views.words import Operation as Operation
from planshift.procedures.views.words import Words as Words
