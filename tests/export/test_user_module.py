"""A module by name and its weights; every mistake is one line that says what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from snnvae.errors import CheckpointError, ConfigError
from snnvae.export.user_module import build_module, is_spec, load_weights

SOURCE = """
from dataclasses import dataclass
from torch import nn
import beside

@dataclass
class Sizes:
    inner: int = 5

class Net(nn.Module):
    def __init__(self, sizes=Sizes()):
        super().__init__()
        self.layer = nn.Linear(beside.SIZE, sizes.inner)

def build():
    return Net()

def needs(size):
    return Net(size)

class Factory:
    make = staticmethod(build)

made = Net()
number = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ours_net.py").write_text(SOURCE)
    (tmp_path / "beside.py").write_text("SIZE = 6")
    (tmp_path / "broken.py").write_text("def build(:")
    (tmp_path / "leaves.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    for name in ("ours_net", "beside", "broken", "leaves"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.mark.parametrize("attribute", ["build", "Net", "Factory.make", "made"])
@pytest.mark.parametrize("place", ["ours_net", "ours_net.py", "{folder}/ours_net.py"])
def test_a_function_a_class_or_a_module_is_found(folder: Path, place: str, attribute: str) -> None:
    before = list(sys.path)
    module = build_module(f"{place.format(folder=folder)}:{attribute}")
    assert module.layer.in_features == 6
    assert sys.path == before


MISTAKES = {
    "nope:build": "there is no module 'nope' in .*; give module:attribute or file.py:attribute",
    "nope.deeper:build": "there is no module 'nope.deeper'",
    "nope.py:build": "nope.py: no such file",
    "ours_net:nope": "ours_net has no 'nope'; it has .*build",
    "ours_net.py:nope": "has no 'nope'",
    "ours_net:number": "is of type int; name a function or class",
    "ours_net:needs": "cannot be called without arguments or fails: TypeError: needs()",
    "ours_net:Sizes": "makes a Sizes, not a torch.nn.Module",
    "broken.py:build": "broken.py fails when it is run: SyntaxError",
    "broken:build": "'broken' fails when it is imported: SyntaxError",
    "leaves:build": "'leaves' fails when it is imported: SystemExit: 3",
    "ours_net:": "give module:attribute",
    ":build": "give module:attribute",
}


@pytest.mark.parametrize(("spec", "message"), MISTAKES.items(), ids=MISTAKES)
def test_what_is_not_found_is_said(folder: Path, spec: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("()", r"\(\)")) as error:
        build_module(spec)
    assert "\n" not in str(error.value)


def test_a_file_that_is_there_is_no_name(folder: Path) -> None:
    assert is_spec("net.py:build")
    assert not is_spec("model.pt")
    (folder / "a:b.pt").touch()
    assert not is_spec(str(folder / "a:b.pt"))


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"state_dict": state}])
def test_weights_are_copied(tmp_path: Path, wrap: Callable[[object], object]) -> None:
    trained, module = nn.Linear(3, 2), nn.Linear(3, 2)
    torch.save(wrap(trained.state_dict()), tmp_path / "w.pt")
    load_weights(module, tmp_path / "w.pt")
    assert torch.equal(module.weight, trained.weight)


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2, 4), "gain": torch.zeros(1)}, tmp_path / "w.pt")
    module = nn.Linear(3, 2)
    before = module.weight.clone()
    message = (
        "'bias' is missing, 'gain' is unknown to the module, "
        r"'weight' is \(2, 4\), \(2, 3\) in the module; give the weights of this very module"
    )
    with pytest.raises(CheckpointError, match=message):
        load_weights(module, tmp_path / "w.pt")
    assert torch.equal(module.weight, before)


class Runs:
    """A pickle of it would run code."""

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return Path.touch, (Path("ran"),)  # type: ignore[return-value]


def test_weights_run_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Runs()}, "code.pt")
    Path("text.pt").write_text("hello")
    Path("cut.pt").write_bytes(Path("code.pt").read_bytes()[:100])
    torch.save([1, 2], "list.pt")
    for name, message in {
        "none.pt": "no such file",
        "code.pt": "carries code or objects, not only weights, and was not loaded",
        "text.pt": "is not a torch file",
        "cut.pt": "is cut short",
        "list.pt": "holds no state_dict; write it by torch.save",
    }.items():
        with pytest.raises(CheckpointError, match=message) as error:
            load_weights(nn.Linear(3, 2), Path(name))
        assert "\n" not in str(error.value)
    assert not Path("ran").exists()
