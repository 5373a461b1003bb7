"""Checkpoints and Norse modules to NIR, and NIR files in and out."""

from snnvae.export.nir_file import read_nir, write_nir
from snnvae.export.norse import from_norse

__all__ = ["from_norse", "read_nir", "write_nir"]
