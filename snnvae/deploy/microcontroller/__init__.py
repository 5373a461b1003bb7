"""Fixed-point programs laid out for microcontrollers, whatever the language: see docs/c.md."""
