//! Weights and parameters, for flash: @{size} bytes.

@{tables}
