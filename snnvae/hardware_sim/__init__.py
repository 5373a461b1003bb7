"""The emulator: reference engine, fast engine, samplers, counting."""
