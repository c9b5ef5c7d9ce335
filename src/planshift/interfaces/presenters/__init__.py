"""Words and figures shared by the doors: money, dates, states in the reader's language."""
