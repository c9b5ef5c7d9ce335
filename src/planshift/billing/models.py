"""Tables of billing: fields, constraints, __str__."""
