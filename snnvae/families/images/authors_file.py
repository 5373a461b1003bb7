"""A file that holds a state dict of PyTorch, nothing of it trusted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from snnvae.errors import CheckpointError
from snnvae.export.state_dict import names_in, state_dict_in
from snnvae.export.torch_file import read_torch
from snnvae.train import checkpoint

SAVE = "give what torch.save(net.state_dict(), …) wrote"


@dataclass(frozen=True)
class StateDictFile:
    """The tensors of a file by name, without wrapper and prefix; each is checked when asked for.

    Everything here raises CheckpointError in one line that names the file.
    """

    path: Path
    tensors: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path, marks: Collection[str]) -> StateDictFile:
        """Loads a file that holds nothing but plain types and tensors; marks: names that tell its
        state dict from other things in it."""
        content = read_torch(path, SAVE)
        if checkpoint.says(content, checkpoint.FORMAT, checkpoint.VERSION, path):
            raise CheckpointError(f"{path} is a checkpoint of snnvae's own: leave `kind` out")
        tensors = state_dict_in(content, marks)
        if tensors is None:
            raise CheckpointError(f"{path} holds no state_dict: {SAVE}")
        return cls(path, tensors)

    def error(self, what: str) -> CheckpointError:
        """The file as subject of a sentence that says what is wrong with it."""
        return CheckpointError(f"{self.path} {what}")

    def lacks(self, name: str, what: str) -> CheckpointError:
        """The error that a name is missing, beside those that are there."""
        return self.error(f"lacks {name!r}, {what}: {SAVE}; it has {names_in(self.tensors)}")

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
            raise self.lacks(name, "a tensor of its kind")
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
