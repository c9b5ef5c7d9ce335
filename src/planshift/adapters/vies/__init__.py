"""VIES: the VAT numbers of the EU."""
