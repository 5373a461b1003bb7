"""The neurons of FSVAE and ESVAE in numbers.

The papers' neuron is u[t] = u[t−1]/4·(1 − o[t−1]) + x[t], o[t] = u[t] > 0.2. Norse's LIFBox has no
gain R, so it runs in the coordinate v = 0.75·u, where inputs and weights stay as they are:
v' = v + 0.75·(x − v), spike where v' > 0.15, then reset to 0.
"""

DT = 1e-3
"""Time step in seconds (Norse's default)."""

TAU_MEM_INV = 750.0
"""1/τ of the spiking neurons in 1/s: dt/τ = 0.75, so a quarter of the membrane survives a step."""

V_TH = 0.15
"""Firing threshold in v = 0.75·u: the papers' 0.2."""

SURROGATE_HALF_WIDTH = 0.375
"""|v| below which the surrogate gradient passes: the papers' |u| < 0.5, centred at 0."""

READOUT_TAU_INV = 200.0
"""1/τ of the readout in 1/s: dt/τ = 0.2, decay 0.8 a step."""

READOUT_GAIN = 5.0
"""Norse's integrator adds 0.2·y where the papers add y."""
