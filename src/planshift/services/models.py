"""Tables of services: fields, constraints, __str__."""
