"""Readouts: how the steps of an output layer become one value for each of its neurons.

With s[t] the spikes and v[t] the membranes of an output neuron at the steps t = 0 … T − 1:

    count        Σ s[t]                         rate    Σ s[t] / T
    first-spike  −(the first t with s[t] = 1), −T without any
    last         v[T − 1]                       mean    Σ v[t] / T           max     max v[t]

Imports nothing heavy, so that the command line can list them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from snnvae.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from snnvae.program import Program
    from snnvae.recording import Recording

Readout = Literal["count", "rate", "first-spike", "last", "mean", "max"]
READOUTS: tuple[Readout, ...] = get_args(Readout)
OF_CLASSES: tuple[Readout, ...] = ("count", "first-spike")
"""Of spikes, where classes are asked for."""
OF_VALUES: tuple[Readout, ...] = ("rate",)
"""Of spikes, where values are."""
OF_MEMBRANES: tuple[Readout, ...] = ("last", "mean", "max")


def chosen(
    readout: Readout | None,
    *,
    spiking: bool,
    regression: bool,
    among: Sequence[Readout] = READOUTS,
) -> Readout:
    """The readout, by default the first that is possible; ConfigError for an impossible one.

    among: those that the caller can do.
    """
    fitting = OF_MEMBRANES if not spiking else OF_VALUES if regression else OF_CLASSES
    possible = [each for each in fitting if each in among]
    if readout is None:
        return possible[0]
    if readout not in possible:
        kind = "spikes" if spiking else "does not spike"
        task = "values" if regression else "classes"
        raise ConfigError(
            f"`readout` {readout}: the output layer {kind}, and {task} are asked for; choose "
            f"{' or '.join(possible)}"
        )
    return readout


def takes_membranes(readout: Readout) -> bool:
    """Tells whether it needs the membranes of every step."""
    return readout in ("mean", "max")


def of_series(readout: Readout, series: np.ndarray) -> np.ndarray:
    """(B, T, n), spikes or membranes → (B, n) float64."""
    import numpy as np

    series = series.reshape(*series.shape[:2], -1)
    if readout == "first-spike":
        fired = series != 0
        first = np.where(fired.any(1), fired.argmax(1), series.shape[1])
        return -first.astype(np.float64)
    if readout in ("rate", "mean"):
        return series.mean(1, dtype=np.float64)
    if readout == "count":
        return series.sum(1, dtype=np.float64)
    values = series[:, -1] if readout == "last" else series.max(1)
    return values.astype(np.float64)


def of_recording(
    readout: Readout, program: Program, output: str, recording: Recording
) -> np.ndarray:
    """The readout of an output, (B, n) float64; membranes are in NIR's units, after the file's
    tanh."""
    import numpy as np

    layer = program.outputs[output]
    if readout == "last":
        values = recording.outputs[output]
        return values.reshape(len(values), -1).astype(np.float64)
    if not takes_membranes(readout):
        return of_series(readout, recording.spikes[layer])
    real = program.layer(layer).to_real(recording.membranes[layer])
    return of_series(readout, np.tanh(real) if program.readouts[output].tanh else real)
