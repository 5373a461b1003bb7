"""Trainable layers of spiking networks, and how a network states what is wired to what."""
