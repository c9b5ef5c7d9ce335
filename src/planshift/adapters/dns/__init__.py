"""Name services of providers' zones."""
