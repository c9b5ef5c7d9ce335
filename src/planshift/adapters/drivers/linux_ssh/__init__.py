"""Plain Debian servers over SSH: a forced command runs our host agent, JSON in, JSON out."""
