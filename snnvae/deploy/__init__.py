"""NIR to Program, and the backends that run it."""
