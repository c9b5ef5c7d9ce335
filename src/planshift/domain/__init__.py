"""What are the rules? Pure: no clock, no I/O, no Django."""
