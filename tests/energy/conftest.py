"""A network small enough to price by hand, and one with everything a report shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnvae.energy import Profile, load_profile
from snnvae.primitives import LIF, Conv2d, LeakyIntegrator, Linear
from snnvae.program import Connection, Input, Layer, Precision, Program
from snnvae.recording import Recording

ZERO, ONE = np.zeros(()), np.ones(())
HOSTILE = "evil</svg><script>alert(1)</script>&\"' $\\frac$ 层"

PROFILE = """
format = 1
name = "mine"
title = "My chip"
summary = "a test"
node_nm = 28
voltage_v = 0.9
[sources.me]
cite = "me"
at = "here"
"""


PriceOf = tuple[Any, ...]
"""(group, term, nominal pJ, what else the table says)."""


def _price(group: str, term: str, nominal: float, more: dict[str, object] | None = None) -> str:
    words = {
        "nominal": nominal,
        "unit": "pJ",
        "evidence": "measured",
        "scope": "per_term",
        "source": "me",
    }
    lines = [f"{key} = {_toml(value)}" for key, value in {**words, **(more or {})}.items()]
    return "\n".join([f"[price.{group}.{term}]", *lines])


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return repr(value) if not isinstance(value, str) else f'"{value}"'


@pytest.fixture
def profile_of(tmp_path: Path) -> Callable[..., Profile]:
    """A user's profile from prices, other TOML, and a change of the header."""

    def write(*parts: PriceOf | str, change: tuple[str, str] = ("", "")) -> Profile:
        path = tmp_path / "mine.toml"
        body = [part if isinstance(part, str) else _price(*part) for part in parts]
        path.write_text(
            "\n".join([PROFILE.replace(*change, 1) if change[0] else PROFILE, *body]), "utf8"
        )
        return load_profile(path)

    return write


@pytest.fixture
def by_hand() -> tuple[Program, Recording]:
    """Two inputs onto three neurons; T = 4, two samples with 3 and 5 input spikes."""
    neuron = LIF(dv=0.5 * ONE, threshold=ONE)
    program = Program(
        precision="float",
        dt=1e-3,
        steps=4,
        inputs=(Input("in", (2,)),),
        layers=(Layer("out", (3,), neuron),),
        connections=(Connection("w", "in", "out", Linear((2,), (3,), np.ones((3, 2)))),),
        outputs={"y": "out"},
        readouts={},
    )
    spikes = np.zeros((2, 4, 2), bool)
    spikes[0, 0], spikes[0, 2, 0] = True, True  # 3 spikes in 2 steps
    spikes[1, :2], spikes[1, 3, 1] = True, True  # 5 spikes in 3 steps
    fired = np.zeros((2, 4, 3), bool)
    fired[:, 0, 0] = True
    return program, Recording({"in": spikes, "out": fired}, info={"backend": "test", "seed": 0})


def everything(precision: Precision = "float") -> tuple[Program, Recording]:
    """An image, a convolution, a loop, a hostile name and a readout."""
    rng = np.random.default_rng(0)

    def lif() -> LIF:
        return LIF(dv=0.5 * ONE, bias=0.1 * ONE, threshold=ONE)

    conv = Conv2d((1, 4, 4), (2, 4, 4), rng.normal(size=(2, 1, 3, 3)), (1, 1), (1, 1), (1, 1), 1)
    program = Program(
        precision=precision,
        dt=1e-3,
        steps=5,
        inputs=(Input("image", (1, 4, 4), analog=True, constant=True), Input("noise", (6,))),
        layers=(
            Layer("first", (2, 4, 4), lif()),
            Layer(HOSTILE, (6,), lif()),
            Layer("readout", (4,), LeakyIntegrator(ZERO, ZERO, 0.2 * ONE)),
        ),
        connections=(
            Connection("conv", "image", "first", conv, on_host=True),
            Connection("fc", "first", HOSTILE, Linear((2, 4, 4), (6,), rng.normal(size=(6, 32)))),
            Connection("in", "noise", HOSTILE, Linear((6,), (6,), np.eye(6))),
            Connection("loop", HOSTILE, HOSTILE, Linear((6,), (6,), np.ones((6, 6))), delay=1),
            Connection("out", HOSTILE, "readout", Linear((6,), (4,), rng.normal(size=(4, 6)))),
        ),
        outputs={"y": "readout"},
        readouts={},
        groups=((HOSTILE,),),
    )
    shapes = {"noise": (6,), "first": (2, 4, 4), HOSTILE: (6,)}
    spikes = {name: rng.random((3, 5, *shape)) < 0.3 for name, shape in shapes.items()}
    analog = {"image": np.broadcast_to(rng.normal(size=(3, 1, 1, 4, 4)), (3, 5, 1, 4, 4))}
    info = {"backend": "reference", "seed": 7, "program": program.digest()}
    return program, Recording(spikes, analog, info=info)


@pytest.fixture
def run() -> tuple[Program, Recording]:
    return everything()


@pytest.fixture
def fixed_run() -> tuple[Program, Recording]:
    return everything("fixed")
