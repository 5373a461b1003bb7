"""Nodes and edges: what leads nowhere, what reads nothing, what other readers stumble over."""

from __future__ import annotations

from collections import defaultdict

import nir
import numpy as np

from snnvae.deploy.graph import predecessors, successors
from snnvae.deploy.passes.open_ends import dead_ends
from snnvae.errors import LoopError
from snnvae.linter.rule import Found, rule, said_of
from snnvae.linter.subject import Subject
from snnvae.plain_text import counted


@rule("error")
def refused(subject: Subject) -> Found:
    """The compiler refuses the graph, for a reason that no other rule names."""
    error = subject.compiled[1]
    if error is not None and not isinstance(error, LoopError):
        yield "", *said_of(error, "mend the file")


@rule("warning")
def dead_end(subject: Subject) -> Found:
    """Weights lead to no population and no output, and are dropped."""
    for name in dead_ends(subject.flat):
        yield name, "leads nowhere and is dropped", "connect it, or leave it out of the file"


@rule("warning")
def no_output(subject: Subject) -> Found:
    """The graph has no Output, so that what nobody reads is put out."""
    if not any(isinstance(node, nir.Output) for node in subject.flat.nodes.values()):
        yield "", "has no Output; the populations that nobody reads are put out", "add an Output"


@rule("warning")
def unread(subject: Subject) -> Found:
    """A population feeds neither another one nor an output."""
    follow = successors(subject.flat)
    outputs = any(isinstance(node, nir.Output) for node in subject.flat.nodes.values())
    for name, _ in subject.neurons():
        if outputs and not follow[name]:
            yield name, "is read by nothing; it runs, and costs", "leave it out of the file"


@rule("warning")
def undriven(subject: Subject) -> Found:
    """Nothing feeds a population, so that it runs by its leak alone."""
    before = predecessors(subject.flat)
    for name, _ in subject.neurons():
        if not before[name]:
            yield name, "is driven by nothing but its leak", "connect it, or leave it out"


@rule("warning")
def scalar_parameter(subject: Subject) -> Found:
    """One value stands for a whole population: nir reads such files, but cannot write them, and
    other readers take the population for one neuron."""
    for name, node in subject.neurons():
        size = int(np.prod(node.input_type["input"]))
        held = subject.stored.get(name)
        for key, shape in held.shapes.items() if held is not None and size > 1 else ():
            if int(np.prod(shape)) == 1 and key in vars(node) and key != "metadata":
                shown = "a scalar" if not shape else f"of shape {shape}"
                yield (
                    name,
                    f"{key} is {shown}, for {counted(size, 'neuron')}",
                    f"write {key} with a value for each neuron",
                )


@rule("note")
def leading_axes(subject: Subject) -> Found:
    """Parameters have axes of size 1 in front, of batch or time, which NIR does not have."""
    for name, node in subject.neurons():
        held = subject.stored.get(name)
        shape = tuple(map(int, node.input_type["input"]))
        for key, given in held.shapes.items() if held is not None else ():
            if len(given) > len(shape) and given[len(given) - len(shape) :] == shape:
                yield name, f"{key} has shape {given}; the first axes are dropped", "write (N,)"


@rule("warning")
def names_collide(subject: Subject) -> Found:
    """Names differ only in dots and underscores, which nirtorch, and so every tool that reads by it
    (Norse, snnTorch, Sinabs, SpikingJelly, Rockpool), takes for the same."""
    alike = defaultdict(list)
    for name in subject.flat.nodes:
        alike[name.replace(".", "_")].append(name)
    for names in alike.values():
        if len(names) > 1:
            yield ", ".join(names), "are one name to nirtorch's readers", "rename one"


@rule("note")
def nir_refuses(subject: Subject) -> Found:
    """nir's own check of shapes refuses the file, which is wrong for groups and kernels that are
    not square."""
    if subject.nir_refuses:
        yield "", subject.nir_refuses, "others read it by nir.read(file, type_check=False)"


@rule("note")
def nested(subject: Subject) -> Found:
    """A graph is a node of another one, which not all readers take."""
    for name, node in subject.graph.nodes.items():
        if isinstance(node, nir.NIRGraph):
            yield name, "is a graph inside of the graph", "see `snnvae conform`, group nesting"
