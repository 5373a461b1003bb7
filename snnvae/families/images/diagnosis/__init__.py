"""What a spiking VAE's reconstruction loss is made of, and how its prior fits its posterior."""

from snnvae.extras import require

require("torch", "norse")
