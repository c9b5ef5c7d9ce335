"""Documents: PDF and e-invoice formats."""
