"""The emulator: reference engine, samplers, counting, energy and its reports."""
