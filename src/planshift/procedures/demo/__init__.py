"""People and services that show what the product does: made up throughout, loaded only where somebody asks for it."""
