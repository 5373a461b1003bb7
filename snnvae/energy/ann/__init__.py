"""The ANN of the same topology: its work, its zeros, its energy in several arithmetics."""
