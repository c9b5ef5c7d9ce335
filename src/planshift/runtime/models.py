"""Tables of runtime: fields, constraints, __str__."""
