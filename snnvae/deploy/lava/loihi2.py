"""Loihi 2: is there one, and the run configuration that uses it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from snnvae.deploy.chips.chip import load_chip
from snnvae.deploy.chips.placement import place
from snnvae.deploy.lava.importing import require_lava
from snnvae.deploy.timing import check_stock
from snnvae.errors import BackendError, ConfigError, UnsupportedError
from snnvae.primitives.lava_lif import differs_within
from snnvae.program import Program

_REMEDY = "run it on a CPU, or install Intel's lava-loihi and call lava.utils.loihi.use_slurm_host"


def is_installed() -> bool:
    """Tells whether Lava finds its Loihi extension. False if anything is missing or broken."""
    try:
        return bool(importlib.import_module("lava.utils.loihi").is_installed())
    except (
        Exception
    ):  # Lava probes closed packages; whatever they raise, there is no usable Loihi 2
        return False


def host() -> str | None:
    """The host that `use_slurm_host` or `use_ethernet_host` has chosen, if any."""
    try:
        name = importlib.import_module("lava.utils.loihi").host
    except Exception:  # as above
        return None
    return None if name is None else str(name)


def refusals(program: Program) -> list[str]:
    """What no process of Lava's own does for this program on a Loihi 2, one line each."""
    try:
        check_job(program, "stock")
        check_stock(program)
    except UnsupportedError as error:
        return [str(error)]
    return []


def check_job(program: Program, mode: str) -> None:
    """Refuses what Loihi 2 cannot run: float programs,
    and our own processes (batched mode, loops)."""
    if program.precision != "fixed":
        raise ConfigError("a Loihi 2 runs fixed point only; ask for `precision` fixed")
    for layer in program.layers:
        if differs_within(layer.neuron):
            raise UnsupportedError(
                f"L2-UNIFORM: layer '{layer.name}' has decays or thresholds that differ within it, "
                "where a Loihi 2 process has one for all; compile with `scale_per` layer, split "
                "the layer, or run it on a CPU"
            )
    if program.groups:
        loop = ", ".join(program.groups[0])
        raise UnsupportedError(
            f"L2-LOOP: the loop of {loop} runs in a process on the CPU, for which a Loihi 2 has no "
            "place; lengthen it with `loop_latency` accept, or run it all on a CPU"
        )
    if mode != "stock":
        raise ConfigError("a Loihi 2 runs Lava's own processes only; ask for `mode` stock")


def check_placement(program: Program) -> None:
    """UnsupportedError, with the rule, for a program that no Loihi 2 could hold."""
    placement = place(program, load_chip("loihi2"))
    if placement.violations:
        raise UnsupportedError("; ".join(map(str, placement.violations)))


def require_hardware(checked: str = "") -> None:
    """BackendError unless Lava reports a Loihi 2 that it can reach. checked: what is known good."""
    require_lava()
    good = f" ({checked})" if checked else ""
    if not is_installed():
        raise BackendError(f"no Loihi 2: Lava's Loihi extension is not installed{good}; {_REMEDY}")
    if host() is None and not _slurm_answers():
        raise BackendError(f"no Loihi 2: no host is set and SLURM does not answer{good}; {_REMEDY}")


def run_config(exceptions: dict[type, type]) -> Any:
    """Lava's run configuration for Loihi 2."""
    configs = importlib.import_module("lava.magma.core.run_configs")
    return configs.Loihi2HwCfg(select_tag="fixed_pt", exception_proc_model_map=exceptions)


@contextmanager
def hardware_packages() -> Iterator[None]:
    """Lava raises NameError, or its adapters do not import, without Intel's closed packages."""
    try:
        yield
    except (NameError, ModuleNotFoundError) as error:
        problem = f"no Loihi 2: Lava lacks its hardware packages ({error})"
        raise BackendError(f"{problem}; {_REMEDY}") from None


def _slurm_answers() -> bool:
    try:
        loihi = importlib.import_module("lava.utils.loihi")
        loihi.use_slurm_host()
        return bool(importlib.import_module("lava.utils.slurm").is_available())
    except Exception:  # as above
        return False
