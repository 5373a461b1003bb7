"""Fixed point: what values can be, the scales that follow, and the rounding at these scales."""
