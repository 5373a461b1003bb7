"""What a NIR file does not say, has lost, or will meet on a chip: by rules, each with a name."""
