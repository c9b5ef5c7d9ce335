"""Tables of provisioning: fields, constraints, __str__."""
