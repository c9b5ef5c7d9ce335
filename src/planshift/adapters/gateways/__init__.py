"""Payment gateways: one folder per gateway."""
