"""The cases, their outcomes by NIR's equations, and the folder that others can take over.

Nothing here imports the compiler, the program or an engine: the outcomes are a second opinion.
"""
