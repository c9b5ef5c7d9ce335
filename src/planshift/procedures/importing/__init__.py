"""How do clients, services and invoices of another system come in? All of a file or nothing, once."""
