"""What the tests stand on: databases, doors, servers and the table of clauses. Nothing here asserts anything itself."""
