"""Graph passes, NIRGraph → NIRGraph, one per file; valid in, valid out."""
