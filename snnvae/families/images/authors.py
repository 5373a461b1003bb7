"""The published PyTorch checkpoints of FSVAE and ESVAE, read as models of ours.

Their files are state dicts. Against ours: other names; 3×3 kernels are (out, in, 3, 3, 1), the last
axis being time; tdBN counts its batches; the readout's weights 0.8^(T−1−t) and the sampler's first
input, 0, are stored too; and an ESVAE carries FSVAE's prior and posterior, which it never runs.

Everything else is as in our models: [x_t ; z_{t−1}] into the posterior, candidates as (L, k), maps
flattened channel first, biases everywhere, tdBN's α = 1, and 2 in prior and posterior.

Sources: github.com/kamata1729/FullySpikingVAE (fsvae_models/fsvae.py, fsvae_prior.py,
fsvae_posterior.py, snn_layers.py); github.com/QgZhan/ESVAE (svae_models/esvae.py, snn_layers.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch

from snnvae.errors import CheckpointError, ConfigError
from snnvae.families.images import data
from snnvae.families.images.authors_file import SAVE, StateDictFile
from snnvae.families.images.config import Config
from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.fsvae import FSVAE
from snnvae.families.images.vae import SpikingVAE
from snnvae.typed import typed

KINDS: dict[str, type[ESVAE] | type[FSVAE]] = {"fsvae": FSVAE, "esvae": ESVAE}

MAX_SIDE = 1024
"""Pixels; a file that claims wider images is not allowed to make us allocate them."""

READOUT_DECAY = 0.8
COEF = "membrane_output_layer.coef"
MARKS = frozenset({COEF, "before_latent_layer.weight"})
"""Names by which a file of theirs is known."""
NETS = ("prior", "posterior")
INITIAL = frozenset(f"{net}.initial_input" for net in NETS)
BATCH_COUNT = "num_batches_tracked"
LEAVES = (
    "weight",
    "bias",
    *(f"bn.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var", BATCH_COUNT)),
)
"""The tensors of one of their spiking layers."""


def read_authors(
    path: str | Path, kind: str, *, steps: int | None = None, dataset: str | None = None
) -> SpikingVAE:
    """The published model in a file, in evaluation mode; sizes and T are those of its tensors.

    kind     'fsvae' or 'esvae'
    steps    what T is thought to be; the file knows it, and another is refused
    dataset  what it was trained on, which no file says: by default guessed from the images,
             'celeba' (64 pixels) or 'cifar10' in colour, 'mnist' in grey

    The state dict may have any form that `state_dict_in` finds. Raises CheckpointError, in one
    line, where a name is missing or unknown, a tensor has another shape or type than float32, or a
    value is not what FSVAE or ESVAE means; ConfigError for a data set that there is not.
    """
    if kind not in KINDS:
        raise ConfigError(f"no published checkpoint is of kind {kind!r}: use {' or '.join(KINDS)}")
    if dataset is not None and dataset not in data.DATASETS:
        raise ConfigError(f"no data set {dataset!r}: there is {', '.join(data.DATASETS)}")
    file = StateDictFile.read(Path(path), MARKS)
    found = _kind(file.tensors)
    if found is not None and found != kind:
        raise file.error(f"is an {found.upper()}, not an {kind.upper()}: use `kind` {found}")
    try:
        config = _config(file, kind, dataset)
        # Shapes are compared before anything of the size that the file claims is allocated.
        with torch.device("meta"):
            model = KINDS[kind](config)
    except ConfigError as error:
        raise file.error(f"has unusable sizes: {error}") from error
    wanted = model.state_dict()
    theirs = {name: _their_name(name, len(config.widths)) for name in wanted}
    _check_names(file, theirs.values(), kind)
    _check_constants(file, config)
    if steps not in (None, config.steps):
        raise file.error(
            f"is made for T = {config.steps} steps, not {steps}: leave `steps` out; "
            f"`{typed('simulate', steps=steps)}` runs the exported network for {steps}"
        )
    weights = {}
    for name, value in wanted.items():
        shape = tuple(value.shape)
        kernel = len(shape) == 4  # theirs has a time axis
        weights[name] = file.tensor(theirs[name], (*shape, 1) if kernel else shape).view(shape)
        if name.endswith("running_var") and bool((weights[name] < 0).any()):
            raise file.error(f"holds {theirs[name]} with values below 0, which no variance has")
    model.load_state_dict(weights, assign=True)
    return model.eval()


def published_kind(path: str | Path) -> str | None:
    """'fsvae' or 'esvae' if a file is a published checkpoint by its names, else None."""
    try:
        return _kind(StateDictFile.read(Path(path), MARKS).tensors)
    except CheckpointError:
        return None


def _kind(tensors: Mapping[str, Any]) -> str | None:
    if not tensors.keys() >= MARKS:
        return None
    return "esvae" if "sample_layer.0.weight" in tensors else "fsvae"


def _config(file: StateDictFile, kind: str, dataset: str | None) -> Config:
    """Settings that agree with the shapes of a few tensors; the others are compared later."""
    stages = sum(bool(re.fullmatch(r"encoder\.\d+\.weight", name)) for name in file.tensors)
    if not stages:
        raise file.lacks("encoder.0.weight", f"so it is not a published {kind}")
    kernels = [file.shape(f"encoder.{i}.weight", 5) for i in range(stages)]
    widths, channels = tuple(kernel[0] for kernel in kernels), kernels[0][1]
    latent, flat = file.shape("before_latent_layer.weight", 2)
    side = math.isqrt(flat // max(widths[-1], 1))
    size = side << stages
    if side * side * widths[-1] != flat or not 0 < size <= MAX_SIDE:
        raise file.error(
            f"holds before_latent_layer.weight of {flat} columns: no square map of {widths[-1]} "
            f"channels, {stages} times halved from at most {MAX_SIDE} pixels"
        )
    sampler = {}
    if kind == "fsvae":
        rows, _ = file.shape("prior.layers.2.weight", 2)
        if not latent or rows % latent:
            raise file.error(f"has {rows} candidates, no multiple of its {latent} latents")
        sampler["k"] = rows // latent
    if dataset is None:
        colour = "celeba" if size == 64 else "cifar10"
        dataset = colour if channels == 3 else "mnist"
    return Config.default(
        kind,
        dataset,
        image_size=size,
        channels=channels,
        widths=widths,
        latent=latent,
        steps=file.shape(COEF, 5)[-1],
        **sampler,
    )


def _their_name(name: str, stages: int) -> str:
    """Returns their name of our tensor: 'encoder.latent.norm.bias' →
    'before_latent_layer.bn.bias'."""
    modules = {
        "encoder.latent": "before_latent_layer",
        "decoder.input": "decoder_input",
        f"decoder.{stages - 1}": "final_layer.0",
        "decoder.output": "final_layer.1",
        "sample": "sample_layer.0",
        **{f"{net}.{i}": f"{net}.layers.{i}" for net in NETS for i in range(3)},
    }
    path, _, leaf = name.rpartition(".")
    module, _, part = path.rpartition(".")
    if part == "norm":
        return f"{modules.get(module, module)}.bn.{leaf}"
    path = path.removesuffix(".synapse")
    return f"{modules.get(path, path)}.{leaf}"


def _check_names(file: StateDictFile, used: Collection[str], kind: str) -> None:
    """Checks that every tensor is one that the model needs, or known to be of no use to it."""
    unused = {
        name.replace("running_var", BATCH_COUNT) for name in used if name.endswith("running_var")
    }
    needed = {*used, COEF}
    if kind == "fsvae":
        needed |= INITIAL
    else:
        unused |= {f"{net}.layers.{i}.{leaf}" for net in NETS for i in range(3) for leaf in LEAVES}
        unused |= INITIAL
    for name in sorted(needed - set(file.tensors)):
        raise file.lacks(name, f"which every published {kind} has")
    for name in sorted(set(file.tensors) - needed - unused):
        raise file.error(f"has an unknown {name!r}, which no published {kind} has: {SAVE}")


def _check_constants(file: StateDictFile, config: Config) -> None:
    """Checks that what is a constant of our models has the same value in the file."""
    coef = file.tensor(COEF, (1, 1, 1, 1, config.steps)).flatten().double()
    exponents = torch.arange(config.steps - 1, -1, -1, dtype=torch.float64)
    if not torch.allclose(coef, READOUT_DECAY**exponents, rtol=1e-5, atol=1e-9):
        raise file.error(f"holds {COEF} other than 0.8^(T−1−t): no such readout is known")
    for name in sorted(INITIAL) if config.model == "fsvae" else ():
        if bool(file.tensor(name, (1, config.latent, 1)).any()):
            raise file.error(f"holds {name} other than 0: no such sampler is known")
