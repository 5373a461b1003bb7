"""``python -m snnvae``."""

from snnvae.cli import main

main()
