"""Zero-shot classes: samples of classes never seen, generated from their attributes."""
