"""Prices fitted to figures that were measured on a chip, as a profile."""
