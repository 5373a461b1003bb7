"""Chips: what one holds, each number with its source, and a program placed on its cores."""
