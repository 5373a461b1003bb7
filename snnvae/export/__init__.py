"""Checkpoints and Norse modules to NIR, and NIR files in and out."""
