"""The regulation as a page for clients, made from the policy in force, the catalog and the pricing engine.

`page(policy=…, catalog=…, language=…, on=…)` gives the page; panel, command line and documentation show the same one.
"""

from planshift.interfaces.presenters.regulation.page import page
from planshift.interfaces.presenters.regulation.parts import Page, Section

__all__ = ["Page", "Section", "page"]
