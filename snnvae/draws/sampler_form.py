"""Draws as the first files state them: one group `sampler`, with the class beside what is drawn.

    {kind, input, its parameters, class_weight, classes, class_input}

kind names what feeds `input`, or the host's step after the network, or is "class" where the host
shows the class alone; classes are those of the input `class_input`. Files in which draws fit into
this form are written so, for programs that read no other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from snnvae.draws.draw import Draw, HostStep, whole
from snnvae.draws.gauss_sigmoid import GaussSigmoid
from snnvae.draws.label import Label
from snnvae.draws.one_hot import OneHot

CLASS = "class"
PARAMETERS = {OneHot.kind: {"groups": "latents", "k": "k"}}
"""Parameters by this form's names for them, where they differ."""


@cache
def _names(table: str) -> dict[str, str]:
    text = files("snnvae.draws").joinpath("version1.toml").read_text()
    names: dict[str, str] = tomllib.loads(text)[table]
    return names


def read(
    sampler: Mapping[str, Any],
    sizes: Mapping[str, int],
    kinds: Mapping[str, type[Draw]],
    steps: Mapping[str, type[HostStep]],
) -> tuple[tuple[Draw, ...], HostStep | None]:
    """The draws and the host's step after the network; ValueError where they make no sense.

    sizes: of the network's inputs. Of a kind that is not known nothing is drawn.
    """
    name, port, count = (sampler.get(key) for key in ("kind", "class_input", "classes"))
    if not isinstance(name, str):
        raise ValueError("kind")
    draws: list[Draw] = []
    kind = kinds.get(_names("draws").get(name, ""))
    step = steps.get(_names("steps").get(name, ""))
    if kind is not None:
        own = PARAMETERS.get(kind.kind, {})
        stated = {ours: sampler.get(theirs) for ours, theirs in own.items()} or sampler
        fed = sampler.get("input")
        if not isinstance(fed, str) or fed not in sizes:
            raise ValueError("input")
        draws.append(kind.read(fed, sizes[fed], stated))
    if port is not None:
        if not isinstance(port, str) or port not in sizes or port == sampler.get("input"):
            raise ValueError("class_input")
        draws.append(Label.read(port, sizes[port], {"classes": count}))
    elif count is not None and step is None:
        raise ValueError("classes")
    _check_class_weight(draws, sampler)
    return tuple(draws), None if step is None else step(0 if count is None else whole(count))


def _check_class_weight(draws: Sequence[Draw], sampler: Mapping[str, Any]) -> None:
    """A prior that knows classes has the weights of just these."""
    prior = next((draw for draw in draws if isinstance(draw, GaussSigmoid)), None)
    count = next((draw.count for draw in draws if isinstance(draw, Label)), 0)
    if prior is None and "class_weight" in sampler:
        raise ValueError("class_weight")
    if prior is not None and prior.classes != count:
        raise ValueError("class_weight")


def stated(draws: Sequence[Draw], step: HostStep | None) -> dict[str, Any] | None:
    """The group `sampler`; None where the draws do not fit into it."""
    names = {kind: name for name, kind in _names("draws").items()}
    labels = [draw for draw in draws if isinstance(draw, Label)]
    others = [draw for draw in draws if not isinstance(draw, Label)]
    if len(labels) > 1 or len(others) + (step is not None) > 1:
        return None
    found: dict[str, Any] = {}
    for draw in others:
        own, parameters = PARAMETERS.get(draw.kind, {}), draw.stated()
        if draw.kind not in names or (own and parameters.keys() != own.keys()):
            return None
        found = {"kind": names[draw.kind], "input": draw.port}
        found |= {own.get(name, name): value for name, value in parameters.items()}
    if step is not None:
        name = next((n for n, kind in _names("steps").items() if kind == step.kind), None)
        if name is None:
            return None
        found = {"kind": name, **({"classes": step.classes} if step.classes else {})}
    for label in labels:
        found.setdefault("kind", CLASS)
        found |= {"classes": label.count, "class_input": label.port}
    return found
