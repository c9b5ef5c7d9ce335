"""A payment gateway that moves no money: a page of its own, and every fault of a real one on demand."""
