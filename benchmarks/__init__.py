"""How fast snnvae is, beside named alternatives: `python -m benchmarks`, `make bench`."""
