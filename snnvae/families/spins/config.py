"""Settings of the samplers of ground states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from snnvae.families.spins.lattices import LATTICES, MOST_SITES
from snnvae.machine import bytes_text, memory
from snnvae.train.settings import (
    Settings,
    flag,
    number,
    require,
    setting,
    text,
    texts,
    whole,
)

if TYPE_CHECKING:
    from snnvae.families.spins.family import Spins
    from snnvae.families.spins.hamiltonian import Hamiltonian

MODELS = ("spins",)
METRICS: tuple[str, ...] = ()
PUBLISHED: tuple[str, ...] = ()
AMPLITUDES = ("model", "histogram")
"""Those of the model, or the square roots of how often each state was drawn."""
RINGS = ("chain", "heisenberg")
PER_SITE = 2
"""Hidden neurons for each site, where nobody says how many."""
WAY = 2
"""Steps from one population to the other."""
LOOP = 2 * WAY
"""Steps of the loop, and chains in it."""
COPIES = 4
"""Derivatives of all weights by state that are held at once."""
LR, ADAM_LR = 0.1, 0.01


@dataclass(frozen=True)
class Config(Settings):
    """The Hamiltonian, the sampler's size, and how its energy is lowered.

    model        'spins'
    hamiltonian  the file's name; terms: what it holds
    steps        T of the deployed sampler, which shows a state at each step
    batch        samples that run side by side in training, of four chains each
    """

    n: int = setting(8, "Spins: sites.", whole())
    j: float = setting(1.0, "Spins: coupling of neighbours.", number)
    h: float = setting(1.0, "Spins: field (1; of heisenberg 0, along z).", number)
    lattice: str = setting("chain", "Spins: of what neighbours.", choices=tuple(LATTICES))
    hamiltonian: str = setting("", "Spins: a file of Pauli terms, in place of a lattice.", text)
    terms: tuple[str, ...] = setting((), check=texts)
    hidden: int = setting(0, "Spins: hidden neurons (0: twice as many as sites).", whole(0))
    translation: bool = setting(False, "Spins: the same weights for each shift of a ring.", flag)
    descent: str = setting(
        "reconfiguration", "Spins: what a step is.", choices=("reconfiguration", "adam")
    )
    amplitudes: str = setting("model", "Spins: whose, in energies.", choices=AMPLITUDES)
    sweeps: int = setting(10, "Spins: of each chain in a training step.", whole())

    spiking_models = trainable_models = MODELS
    says: ClassVar[Mapping[str, str]] = {"energy": "snnvae.families.spins.pace:per_state"}
    lacks: ClassVar[Mapping[str, str]] = {
        "pruning": "a sampler's hidden neurons are not pruned; choose their number with `hidden`",
        "front": "a sampler shows a state at each step, so that T trades nothing; compare numbers "
        "of `hidden` neurons instead",
    }

    @property
    def family(self) -> Spins:
        """The family of the spins."""
        from snnvae.families.spins.family import FAMILY

        return FAMILY

    @property
    def sizes(self) -> tuple[str, ...]:
        """What decides on weights, and the system that they are for."""
        return ("model", "n", "j", "h", "lattice", "terms", "hidden", "translation")

    @property
    def is_ring(self) -> bool:
        """Tells whether sites i and i + r are r apart."""
        return not self.terms and self.lattice in RINGS

    @property
    def units(self) -> int:
        """Hidden neurons."""
        return self.hidden or PER_SITE * self.n

    @cached_property
    def system(self) -> Hamiltonian:
        """H."""
        from snnvae.families.spins.hamiltonian import Hamiltonian

        lattice = LATTICES[self.lattice]
        return Hamiltonian(self.n, self.terms or tuple(lattice(self.n, self.j, self.h)))

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.n <= MOST_SITES, f"n {self.n}: a state of more than {MOST_SITES} sites is too long"
        )
        for name in ("anneal", "spike_budget", "unit_penalty", "qat", "validation"):
            require(
                not getattr(self, name),
                f"{name} is not for spins, which train by what their deployed fixed-point program "
                "draws: leave it out",
            )
        require(
            not self.translation or (self.is_ring and self.units % self.n == 0),
            f"translation shifts {self.units} hidden neurons of a ring of {self.n} sites: use "
            f"lattice {' or '.join(RINGS)}, and a multiple of n hidden",
        )
        _ = self.system  # refuses what has a sign problem
        states = min(self.batch * LOOP * self.sweeps, 1 << self.n)
        weights = self.n * self.units
        size = 8 * (COPIES * states * weights + min(states, weights) ** 2)
        require(
            size <= memory(),
            f"{states:,} states of {weights:,} weights take {bytes_text(size)} in a step of the "
            f"training, and this machine has {bytes_text(memory())}: use fewer `hidden`, `batch` "
            "or `sweeps`",
        )

    @classmethod
    def default(cls, model: str, dataset: str = "", **changes: Any) -> Self:
        """The settings that suit the samplers, with `changes`."""
        usual: dict[str, Any] = {
            "steps": 1000, "batch": 128, "epochs": 40, "weight_decay": 0.0, "schedule": "cosine",
            "lr": ADAM_LR if changes.get("descent") == "adam" else LR,
            "h": 0.0 if changes.get("lattice") == "heisenberg" else 1.0,
        }  # fmt: skip
        require(not dataset, f"dataset {dataset}: spins have none; leave it out")
        return cls.from_dict({"model": model, **usual, **changes})

    @classmethod
    def completed(
        cls, given: Mapping[str, Any], where: Path | None, config: Self | None = None
    ) -> dict[str, Any]:
        """The terms and the number of sites that the file of a Hamiltonian holds."""
        found = dict(given)
        file = given.get("hamiltonian")
        if isinstance(file, str) and file and "terms" not in given:
            from snnvae.families.spins.hamiltonian import read_terms

            for name in ("j", "h", "lattice"):
                require(name not in given, f"`hamiltonian` {file} says all: leave out `{name}`")
            sites, terms = read_terms(Path(file))
            found |= {"hamiltonian": Path(file).name, "terms": terms}
            found.setdefault("n", sites if config is None else config.n)
        return found
