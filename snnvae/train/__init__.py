"""Spiking VAEs in Norse: models, data, losses, the training loop, and traces to compare against."""
