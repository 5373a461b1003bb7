"""A file that holds a state dict of PyTorch, nothing of it trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from snnvae.errors import CheckpointError
from snnvae.export.torch_file import read_torch
from snnvae.train import checkpoint

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which a training script may keep the state dict beside other things."""

PARALLEL = "module."
"""What torch.nn.DataParallel puts before every name."""

SAVE = "give what torch.save(net.state_dict(), …) wrote"


@dataclass(frozen=True)
class StateDictFile:
    """The tensors of a file by name, without wrapper and prefix; each is checked when asked for.

    Everything here raises CheckpointError in one line that names the file.
    """

    path: Path
    tensors: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> StateDictFile:
        """Loads a file that holds nothing but plain types and tensors."""
        content = read_torch(path, SAVE)
        if checkpoint.says(content, checkpoint.FORMAT, checkpoint.VERSION, path):
            raise CheckpointError(f"{path} is a checkpoint of snnvae's own: leave `kind` out")
        for wrapper in WRAPPERS:
            if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
                content = content[wrapper]
                break
        if not isinstance(content, Mapping) or not all(isinstance(name, str) for name in content):
            raise CheckpointError(f"{path} holds no state_dict: {SAVE}")
        if all(name.startswith(PARALLEL) for name in content):
            content = {name.removeprefix(PARALLEL): value for name, value in content.items()}
        return cls(path, content)

    def error(self, what: str) -> CheckpointError:
        """The file as subject of a sentence that says what is wrong with it."""
        return CheckpointError(f"{self.path} {what}")

    def shape(self, name: str, rank: int) -> tuple[int, ...]:
        """Shape of a tensor of that many axes."""
        shape = tuple(self._dense(name).shape)
        if len(shape) != rank:
            raise self.error(f"holds {name} of shape {shape}, which must have {rank} axes")
        return shape

    def tensor(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """A tensor of that shape, contiguous, float32, every value finite."""
        value = self._dense(name)
        if value.shape != shape or value.dtype != torch.float32:
            raise self.error(
                f"holds {name} of {value.dtype} {tuple(value.shape)}; beside its other tensors "
                f"that must be torch.float32 {shape}"
            )
        if not bool(torch.isfinite(value).all()):
            raise self.error(f"holds {name} with values that are not finite")
        return value.contiguous()

    def _dense(self, name: str) -> Tensor:
        if name not in self.tensors:
            raise self.error(f"lacks '{name}': {SAVE}")
        value = self.tensors[name]
        if (
            not isinstance(value, Tensor)
            or value.layout != torch.strided
            or value.device.type != "cpu"
            # By strides of 0 a tensor may claim more than its storage holds.
            or value.numel() * value.element_size() > value.untyped_storage().nbytes()
        ):
            raise self.error(f"holds {name} that is not a dense tensor: {SAVE}")
        return value
