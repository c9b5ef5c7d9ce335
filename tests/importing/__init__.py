"""Files of another system."""
