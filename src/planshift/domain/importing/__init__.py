"""What may come in from another system, and what is wrong with it? Clients, services, invoices issued elsewhere."""
