"""What the rules look at: the file as it is, the graph, and what the compiler makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import nir
import numpy as np

from snnvae import primitives
from snnvae.conventions import BY_DEFAULT
from snnvae.deploy.chips.chip import Chip
from snnvae.deploy.compile import Compiled, compile_graph
from snnvae.deploy.graph import build_graph
from snnvae.deploy.passes import flatten_graphs
from snnvae.deploy.settings import METADATA_KEY, Choice, as_python
from snnvae.errors import GraphError, LoopError, SnnvaeError, UnsupportedError
from snnvae.export.stored import Stored
from snnvae.options import CHOICES, Options, check_dt
from snnvae.program import Program
from snnvae.recording import Recording

Run = tuple[Program, Recording]
ASSUMED = {"initial": "v_reset", "if_gain": "dt", "loop_bias": "at-once"}
"""Stands in for what nobody states, so that everything else can be looked at."""
SLACK = 1e-6
"""Of a step: what a file's single precision may be off by."""
FASTEST = 10
"""Steps in the shortest time constant, where nobody states a step."""


@dataclass(frozen=True)
class Subject:
    """stored: nodes as the file has them, by name, empty where there is no file; options: the
    user's; recording: a run of `program` on the user's input, or None."""

    graph: nir.NIRGraph
    options: Options
    chip: Chip
    stored: Mapping[str, Stored] = field(default_factory=dict)
    nir_refuses: str = ""
    recording: Recording | None = None

    @cached_property
    def flat(self) -> nir.NIRGraph:
        """The graph with the nodes of nested ones in their place, named "graph.node"."""
        return flatten_graphs(build_graph(self.graph.nodes, self.graph.edges, self.graph.metadata))

    def neurons(self, *kinds: type[nir.NIRNode]) -> Iterator[tuple[str, Any]]:
        """Populations by name, of these kinds or of all."""
        for name, node in self.flat.nodes.items():
            if isinstance(node, kinds) if kinds else primitives.neuron_for(node) is not None:
                yield name, node

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """Our metadata in the file."""
        held = as_python((self.graph.metadata or {}).get(METADATA_KEY, {}))
        return held if isinstance(held, dict) else {}

    @cached_property
    def choice(self) -> Choice:
        """What options, the file and the named tool say, the first that does."""
        return Choice(self.options, self.metadata)

    def unstated(self, key: str) -> bool:
        """Tells whether nobody says a convention."""
        return self.choice.source(key) == BY_DEFAULT

    @cached_property
    def dt(self) -> float | None:
        """Seconds a step; None where nobody says so. ConfigError for what is no step."""
        dt = self.choice("dt")
        if dt is None:
            return None
        check_dt(dt)
        return float(dt)

    @cached_property
    def taus(self) -> dict[str, np.ndarray]:
        """All time constants, by "node.parameter"."""
        return {
            f"{name}.{key}": np.asarray(getattr(node, key), np.float64)
            for name, node in self.neurons()
            for key in ("tau", "tau_mem", "tau_syn")
            if hasattr(node, key)
        }

    @cached_property
    def assuming(self) -> Options:
        """The options, with an assumption where something must be stated and is not."""
        missing: dict[str, Any] = {k: v for k, v in ASSUMED.items() if self.unstated(k)}
        if self.dt is None:
            shortest = [float(tau.min()) for tau in self.taus.values() if np.all(tau > 0)]
            missing["dt"] = min(shortest, default=FASTEST * 1e-3) / FASTEST
        return replace(self.options, saturate=True, **missing)

    @property
    def step(self) -> float:
        """Seconds a step, stated or assumed."""
        dt = self.assuming.dt if self.dt is None else self.dt
        assert dt is not None
        return float(dt)

    @property
    def too_short(self) -> dict[str, np.ndarray]:
        """Which neurons' time constants are shorter than a step, by "node.parameter": those that
        Euler's integrator refuses; none where another one is stated."""
        if self.choice("integrator") != "euler":
            return {}
        least = self.step * (1 - SLACK)
        below = {name: (tau > 0) & (tau < least) for name, tau in self.taus.items()}
        return {name: which for name, which in below.items() if which.any()}

    @property
    def off_grid(self) -> dict[str, np.ndarray]:
        """Which of the delays are no multiples of a step, by node."""
        found = {}
        for name, node in self.flat.nodes.items():
            if isinstance(node, nir.Delay):
                steps = np.asarray(node.delay, np.float64) / self.step
                found[name] = (steps > 0) & (np.abs(steps - np.rint(steps)) > SLACK)
        return {name: which for name, which in found.items() if which.any()}

    @cached_property
    def compilable(self) -> nir.NIRGraph:
        """The graph, or where its time constants or delays do not fit the step a copy where they
        do, since rules of their own tell that, and the rest is to be told too."""
        short, off = self.too_short, self.off_grid
        if not (short or off):
            return self.graph
        dt, graph = self.step, deepcopy(self.flat)
        for place, which in short.items():
            name, _, key = place.rpartition(".")
            setattr(graph.nodes[name], key, np.where(which, dt, self.taus[place]))
        for name, which in off.items():
            delay = np.asarray(graph.nodes[name].delay, np.float64)
            whole = np.maximum(np.rint(delay / dt), 1) * dt
            graph.nodes[name].delay = np.where(which, whole, delay)
        return graph

    @cached_property
    def compiled(self) -> tuple[Program | None, SnnvaeError | None]:
        """The float program under the assumptions, or what of the graph stands against one.

        ConfigError for options that cannot be honoured: that is no finding.
        """
        try:
            return compile_graph(self.compilable, "float", self.assuming).program, None
        except (GraphError, UnsupportedError, LoopError) as error:
            return None, error

    @property
    def program(self) -> Program | None:
        """The float program under the assumptions."""
        return self.compiled[0]

    @property
    def run(self) -> Run | None:
        """The float program and what it does on the user's input, where there is one."""
        if self.program is None or self.recording is None:
            return None
        return self.program, self.recording

    @cached_property
    def fixed(self) -> tuple[Compiled | None, SnnvaeError | None]:
        """The fixed-point program, where a step is stated and a float one exists."""
        if self.program is None or self.dt is None:
            return None, None
        try:
            return compile_graph(self.compilable, "fixed", self.assuming), None
        except SnnvaeError as error:
            return None, error

    def matters(self, convention: str) -> bool:
        """Tells whether another value of a convention than the assumed one makes another
        program."""
        if self.program is None:
            return False
        others: list[dict[str, Any]] = [
            {convention: value} for value in CHOICES[convention] if value != ASSUMED[convention]
        ]
        made = (
            compile_graph(self.compilable, "float", replace(self.assuming, **o)) for o in others
        )
        return any(other.program.digest() != self.program.digest() for other in made)
