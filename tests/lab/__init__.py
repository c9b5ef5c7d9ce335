"""Real servers on one machine: a lab of network namespaces, and what is proved in it."""
