"""Tables of ledger: fields, constraints, __str__."""
