"""Tables of procedures: fields, constraints, __str__."""
