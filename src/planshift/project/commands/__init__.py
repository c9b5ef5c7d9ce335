"""Commands that look after an installation: set it up, run it, back it up, write its generated pages."""
