"""A state dict is found in whatever form a training script left it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from snnvae.errors import CheckpointError
from snnvae.export.state_dict import WRAPPERS, names_in, state_dict_in
from snnvae.export.user_module import load_weights


class Net(nn.Module):
    """Its own parts are called as wrappers are."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(3, 2)
        self.net = nn.Sequential(nn.Linear(2, 2))


def before(*prefixes: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda state: {"".join(prefixes) + name: value for name, value in state.items()}


FORMS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "as it is": lambda state: state,
    **{f"under {key}": lambda state, key=key: {"epoch": 3, key: state} for key in WRAPPERS},
    "under a key of its own": lambda state: {"best": state, "loss": 0.5, "optimizer": OPTIMIZER},
    "two deep": lambda state: {"checkpoint": {"model": state}, "args": {"lr": 0.1}},
    "DataParallel": before("module."),
    "torch.compile": before("_orig_mod."),
    "Lightning": lambda state: {"state_dict": before("model.")(state), "global_step": 7},
    "Lightning, with a loss that has weights": lambda state: {
        "state_dict": {**before("net.")(state), "loss.weight": torch.ones(2)}
    },
    "compiled in DDP": before("module.", "_orig_mod."),
    "DDP in compiled, in a script's module": before("model.", "_orig_mod.", "module."),
    "a compiled part": lambda state: {
        n.replace("net.", "net._orig_mod."): v for n, v in state.items()
    },
    "of several networks": lambda state: {"critic": {"weight": torch.ones(1)}, "actor": state},
}
OPTIMIZER = {"state": {0: {"exp_avg": torch.ones(2, 3)}}, "param_groups": [{"lr": 0.1}]}


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_weights_are_found(tmp_path: Path, form: str, legacy: bool) -> None:
    trained, module = Net(), Net()
    path = tmp_path / "w.pt"
    torch.save(FORMS[form](trained.state_dict()), path, _use_new_zipfile_serialization=not legacy)
    load_weights(module, path)
    for name, value in trained.state_dict().items():
        assert torch.equal(module.state_dict()[name], value), name


def test_what_does_not_fit_is_shown_beside_what_is_missing(tmp_path: Path) -> None:
    torch.save(
        {"state_dict": {f"model.layer{i}.w": torch.ones(1) for i in range(9)}}, tmp_path / "w"
    )
    with pytest.raises(CheckpointError) as error:
        load_weights(Net(), tmp_path / "w")
    said = str(error.value)
    assert "'model.weight' is missing" in said
    assert "the file has 'model.layer0.w', 'model.layer1.w', " in said
    assert said.endswith("'model.layer4.w' and 4 more")
    assert "\n" not in said


@pytest.mark.parametrize("content", [None, [1], 5, {"epoch": 3}, {1: torch.ones(1)}])
def test_what_holds_none(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match="holds no state_dict"):
        load_weights(Net(), tmp_path / "w.pt")


def test_names_of_any_length_end_soon() -> None:
    """Prefixes that stand in one another many times are no work without end."""
    content: Any = {"model." * 5000 + "x": torch.ones(1)}
    for _ in range(50):
        content = {"model": content}
    assert state_dict_in(content, {"x"}) is not None
    assert names_in({}) == "no names"
