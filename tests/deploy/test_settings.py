"""What NIR leaves open: from the file or the user, and refused where it is nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnvae.deploy.presets import PRESETS
from snnvae.deploy.settings import as_python, resolve
from snnvae.errors import ConfigError, GraphError
from snnvae.options import DEFAULT_STEPS, Options


def graph(nets: Any, dt: float | None = 1e-3, **own: Any) -> Any:
    nodes = {"in": nets.source(2), "a": nets.threshold(2), "out": nets.sink(2)}
    return nets.chain(nodes, dt=dt, **own)


def test_a_missing_dt_is_never_guessed(nets: Any) -> None:
    with pytest.raises(ConfigError, match=r"does not say its time step dt.*pass `dt`"):
        resolve(graph(nets, dt=None), Options())
    assert resolve(graph(nets, dt=None), Options(dt=2e-3)).conventions.dt == 2e-3


def test_the_user_s_word_goes_before_the_file_s(nets: Any) -> None:
    stated = graph(nets, steps=5, reset="subtract", initial="v_reset")
    ours = resolve(stated, Options())
    assert (ours.steps, ours.conventions.reset, ours.conventions.initial) == (
        5,
        "subtract",
        "v_reset",
    )
    given = resolve(stated, Options(dt=1e-4, steps=7, reset="zero", initial="v_leak"))
    assert (given.steps, given.conventions.dt) == (7, 1e-4)
    assert (given.conventions.reset, given.conventions.initial) == ("zero", "v_leak")


def test_without_a_word_nir_s_reset_holds_and_no_first_membrane_is_guessed(nets: Any) -> None:
    found = resolve(graph(nets), Options())
    assert found.steps == DEFAULT_STEPS
    assert (found.conventions.reset, found.conventions.initial) == ("zero", None)


def test_scalars_as_nir_reads_them_back(nets: Any) -> None:
    stated = graph(nets, dt=np.float64(1e-3), steps=np.int64(4), reset=b"zero")
    found = resolve(stated, Options())
    assert (found.conventions.dt, found.steps) == (1e-3, 4)
    nested = as_python({"a": {"b": np.array(3)}, "c": b"text", "d": np.arange(2)})
    assert nested["a"] == {"b": 3}
    assert nested["c"] == "text"
    assert nested["d"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"dt": 0.0}, "dt = 0.0 is not a positive"),
        ({"dt": -1e-3}, "not a positive"),
        ({"dt": np.nan}, "not a positive"),
        ({"dt": "soon"}, "not a positive"),
        ({"dt": np.ones(3)}, "not a positive"),
        ({"steps": 0}, "steps = 0 is not a positive whole number"),
        ({"steps": 2.5}, "not a positive whole number"),
        ({"steps": np.ones(2, int)}, "not a positive whole number"),
        ({"reset": "soft"}, "reset = 'soft': choose `reset` zero or subtract"),
        ({"reset": np.ones(2)}, "reset"),
        ({"initial": "high"}, "initial = 'high': choose `initial`"),
        ({"version": 99}, "has version 99"),
        ({"inputs": "in"}, "inputs"),
        ({"inputs": {"in": 3}}, "inputs"),
        ({"inputs": {"in": {"low": "deep"}}}, "inputs"),
        ({"inputs": {"in": {"analog": np.ones(2)}}}, "inputs"),
        ({"inputs": {"in": {"analog": True, "low": 1.0, "high": -1.0}}}, "inputs"),
        ({"readouts": 1.5}, "readouts"),
        ({"readouts": {"out": "tanh"}}, "readouts"),
        ({"readouts": {"out": {"shape": "wide"}}}, "readouts"),
        ({"readouts": {"out": {"shape": np.array([3, 1])}}}, "shape"),
    ],
)
def test_metadata_that_makes_no_sense_is_named(
    nets: Any, own: dict[str, Any], message: str
) -> None:
    stated = graph(nets)
    stated.metadata["snnvae"].update(own)
    with pytest.raises((ConfigError, GraphError), match=message) as caught:
        nets.compiled(stated)
    assert "\n" not in str(caught.value)


def test_metadata_that_is_no_group_is_named(nets: Any) -> None:
    stated = graph(nets)
    stated.metadata["snnvae"] = np.ones(3)
    with pytest.raises(GraphError, match="metadata 'snnvae' is not a group"):
        nets.compiled(stated)


def test_an_analog_input_must_exist(nets: Any) -> None:
    with pytest.raises(ConfigError, match=r"`analog` image: the graph's inputs are \['in'\]"):
        resolve(graph(nets), Options(analog=("image",)))


def test_the_user_may_make_an_input_analog(nets: Any) -> None:
    (port,) = nets.compiled(graph(nets), analog=("in",)).inputs
    assert port.analog
    assert not port.constant
    assert (port.low, port.high) == (-1, 1)


def test_an_input_is_what_the_file_says(nets: Any) -> None:
    described = {"in": {"analog": True, "constant": True, "low": 0.0, "high": 2.0}}
    (port,) = nets.compiled(graph(nets, inputs=described)).inputs
    assert (port.analog, port.constant, port.low, port.high) == (True, True, 0.0, 2.0)


def test_a_preset_s_step_is_its_tool_s_own() -> None:
    """The defaults of Norse's cells, of snnTorch's and SpikingJelly's exporters and of Rockpool's
    modules; Sinabs and Spyx count time in steps. Lava's files state none."""
    steps = {name: preset.get("dt") for name, preset in PRESETS.items()}
    assert steps == {
        "norse": 1e-3,
        "snntorch": 1e-4,
        "sinabs": 1.0,
        "spikingjelly": 1e-4,
        "rockpool": 1e-3,
        "spyx": 1.0,
        "lava": None,
    }
