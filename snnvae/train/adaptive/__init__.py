"""A network as small as its loss allows: what units carry, cutting them out, in rounds."""
