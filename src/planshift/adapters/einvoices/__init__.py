"""E-invoices: one document, three formats."""
