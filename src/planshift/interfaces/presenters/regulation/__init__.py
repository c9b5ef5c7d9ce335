"""The regulation as a page for clients, made from the policy in force, the catalog and the pricing engine.

`page(policy=…, catalog=…, language=…, on=…)` gives the page, `articles(…)` the help pages cut from it (D10); panel,
command line and documentation show the same text.
"""

from planshift.interfaces.presenters.regulation.page import LANGUAGES, articles, page
from planshift.interfaces.presenters.regulation.parts import Page, Section

__all__ = ["LANGUAGES", "Page", "Section", "articles", "page"]
