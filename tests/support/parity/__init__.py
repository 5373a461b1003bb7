"""The parity of a few bits: a family of a dozen neurons, to prove the contract with."""
