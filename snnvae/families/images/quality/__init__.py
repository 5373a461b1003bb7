"""How good a network's images are: errors, distances of feature distributions, and their cost."""
