"""Quantisation-aware training: the model in the compiler's whole numbers, with gradients."""
