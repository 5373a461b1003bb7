"""The time step of the models, and their readout."""

DT = 1e-3
"""Time step in seconds (Norse's default)."""

READOUT_TAU_INV = 200.0
"""1/τ of the readout in 1/s: dt/τ = 0.2, decay 0.8 a step."""

READOUT_GAIN = 5.0
"""Norse's integrator adds 0.2·y where the papers add y."""
