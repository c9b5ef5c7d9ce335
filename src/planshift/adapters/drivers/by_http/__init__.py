"""What the drivers of vendors with an HTTP interface have in common."""
