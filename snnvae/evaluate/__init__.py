"""Parity between backends, and quality."""
