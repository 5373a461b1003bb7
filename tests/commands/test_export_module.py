"""`snnvae export net.py:build`: a Norse module of the user's own becomes a NIR file."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch

from snnvae import zoo
from snnvae.export.nir_file import read_nir

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch  # noqa: F401  as the module below does

Cli = Callable[..., Any]
SOURCE = """
import norse.torch as norse
from torch import nn

def build():
    return norse.SequentialState(nn.Conv2d(2, 3, 3), norse.LIFBoxCell(), nn.Flatten())

def timed():
    return norse.SequentialState(nn.Linear(6, 4), norse.LIFRecurrent(4, 3))

def unknown():
    return norse.SequentialState(nn.Linear(6, 4), nn.Sigmoid(), norse.LIFBoxCell())
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    return path


def export(cli: Cli, net: Path, attribute: str, *options: object) -> Any:
    return cli("export", f"{net}:{attribute}", "-o", net.with_name("m.nir"), *options)


def test_a_module_is_exported_with_its_weights(cli: Cli, net: Path) -> None:
    weights = {"0.weight": torch.rand(3, 2, 3, 3), "0.bias": torch.rand(3)}
    torch.save(weights, net.with_name("w.pt"))
    options = ("--weights", net.with_name("w.pt"), "--input-shape", "2,6,6", "--steps", 9)
    ended = export(cli, net, "build", *options, "--analog", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == {"files": {"module": str(net.with_name("m.nir"))}}
    graph = read_nir(net.with_name("m.nir"))
    np.testing.assert_array_equal(graph.nodes["0"].weight, weights["0.weight"].numpy())
    own = graph.metadata["snnvae"]
    assert (own["steps"], own["dt"]) == (9, 1e-3)
    assert own["inputs"]["input"]["analog"]


def test_a_recurrent_module_keeps_its_loop_on_disk(cli: Cli, net: Path) -> None:
    assert export(cli, net, "timed", "--input-shape", "6").code == 0
    graph = read_nir(net.with_name("m.nir"))
    assert isinstance(graph.nodes["1"], nir.CubaLIF)
    assert ("1.recurrent_weights", "1") in graph.edges


MISTAKES: dict[tuple[str, ...], str] = {
    ("build",): "net.py:build needs --input-shape: its input's sizes without batch and time",
    ("build", "--input-shape", "2,x"): "--input-shape 2,x: write whole numbers, as in 2,34,34",
    ("build", "--input-shape", "0"): "an input of shape (0,): give positive sizes",
    ("build", "--input-shape", "3,6,6"): "module '0' (Conv2d) does not fit its input (3, 6, 6)",
    ("build", "--input-shape", "2,6,6", "--part", "encoder"): "--part is for checkpoints",
    ("unknown", "--input-shape", "6"): "module '1' (Sigmoid): sigmoid has no exact form in NIR",
    ("timed", "--input-shape", "6", "--weights", "none.pt"): "none.pt: no such file",
    ("nope", "--input-shape", "6"): "net.py has no 'nope'; it has build, timed, unknown",
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.items(), ids=map(" ".join, MISTAKES))
def test_a_mistake_gets_one_line(
    cli: Cli, net: Path, options: tuple[str, ...], message: str
) -> None:
    assert message in export(cli, net, *options).mistake
    assert not net.with_name("m.nir").exists()


def test_options_for_a_module_do_not_suit_a_checkpoint(cli: Cli, tmp_path: Path) -> None:
    checkpoint = zoo.path("digits-esvae", ".pt")
    for option in (("--weights", checkpoint), ("--input-shape", "2"), ("--steps", 3)):
        line = cli("export", checkpoint, "-o", tmp_path / "g.nir", *option).mistake
        assert f"{option[0]} is for a module such as net.py:build" in line
    line = cli("export", tmp_path / "net.py", "-o", tmp_path / "g.nir").mistake
    assert "net.py: say what in it makes the module, such as" in line
    assert list(tmp_path.iterdir()) == []
