"""A conformance suite of NIR: small cases with exact outcomes, and the tools that are held to them.

`suite/` makes the cases and knows nothing of the compiler; `tools/` runs them, a file each tool.
"""
