"""The fast engine: a program's spikes in milliseconds, the reference's to the last bit.

`engine.run` runs samples in threads; a `plan` is a program made ready, a `block` some samples on
their way through it. What makes it fast: `sums` (weights of firing neurons are added up in vector
registers), `scans` (neurons over all steps in one pass).
What makes it exact: `rounding` (sums of integers, and a bound of what they miss) and `replay`.
"""
