"""How is one change priced? The parts behind `domain.quote.price`."""
