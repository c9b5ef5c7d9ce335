"""Stripe: the client pays on Stripe's own page (Checkout), Stripe tells us by signed webhooks."""
