"""Tables of catalog: fields, constraints, __str__."""
