//! The layers: a function for each connection, which adds to the sums, and one for each layer's step.
@{uses}
@{layers}
