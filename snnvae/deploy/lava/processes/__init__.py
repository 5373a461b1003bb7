"""Lava processes and their models, and nothing else: Lava re-executes every file of this folder."""
