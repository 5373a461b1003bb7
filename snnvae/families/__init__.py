"""A folder for each kind of model: all that is particular to it."""
