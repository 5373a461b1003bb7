"""snnvae: from a trained spiking network to neuromorphic hardware, spike for spike."""

__version__ = "0.1.0"
