"""The emulator on a torch device, a CUDA GPU above all: the reference's results, spike for spike.

Nothing here depends on what the device computes in which order, because no sum of it rounds:

- A float program's weights into a layer are multiples of one power of two, its grid, and no sum of
  them leaves 53 bits (`snnvae.deploy.exact_sums`). In float64 every partial sum is exact, so any
  order, blocking or fused multiply-add gives the same bits.
- A fixed-point program's weights are integers; where ``Σ|w| < 2²⁴`` float32 holds every partial
  sum, else float64.

That holds for plain sums of products only, not for Winograd's or Fourier's convolutions, so a
convolution is matrix products over shifted copies of its input (`sums`). Neurons, and sums of
currents with membranes among them, do round: they take the reference's own steps in its own order,
one rounded operation each (`cells`). Sums of membranes are the host's.

Importing this room imports torch; importing `snnvae.hardware_sim` does not.
"""

from snnvae.extras import require

require("torch")
