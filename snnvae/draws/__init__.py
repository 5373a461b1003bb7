"""The draws of the host for a network, and its work between two of them: a file for each kind.

A NIR file's metadata states them under `draws`, by input, and `host_step`:

    draws: {port: {kind: "one-hot", groups: 8, k: 64}, …},  host_step: {kind: "rates"}

or, if they fit into it, in the form of the first files (`sampler_form`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snnvae.draws import sampler_form
from snnvae.draws.attributes import Attributes
from snnvae.draws.bernoulli import Bernoulli
from snnvae.draws.clock import Clock
from snnvae.draws.draw import Draw, HostStep, HostWork, whole
from snnvae.draws.even import EvenGaussSigmoid, EvenRates
from snnvae.draws.evidence import Evidence
from snnvae.draws.first_steps import FirstSteps
from snnvae.draws.gauss_sigmoid import GaussSigmoid
from snnvae.draws.label import Label
from snnvae.draws.mixture import Mixture
from snnvae.draws.one_hot import OneHot
from snnvae.draws.patterns import Patterns
from snnvae.draws.rates import Rates
from snnvae.errors import GraphError

KINDS: dict[str, type[Draw]] = {
    kind.kind: kind
    for kind in (
        OneHot,
        Patterns,
        GaussSigmoid,
        EvenGaussSigmoid,
        Mixture,
        Label,
        FirstSteps,
        Attributes,
        Bernoulli,
        Clock,
        Evidence,
    )
}
STEPS: dict[str, type[HostStep]] = {step.kind: step for step in (Rates, EvenRates)}
SAMPLER, DRAWS, HOST_STEP = "sampler", "draws", "host_step"

__all__ = ["DRAWS", "HOST_STEP", "KINDS", "SAMPLER", "STEPS", "Draw", "HostStep", "HostWork"]


def read(
    metadata: Mapping[str, Any], sizes: Mapping[str, int]
) -> tuple[tuple[Draw, ...], HostStep | None]:
    """The draws and the host's step after the network that metadata states; sizes: of its inputs.

    GraphError where they make no sense.
    """
    draws: list[Draw] = []
    step: HostStep | None = None
    key = SAMPLER
    try:
        if SAMPLER in metadata:
            found, step = sampler_form.read(_group(metadata[SAMPLER]), sizes, KINDS, STEPS)
            draws += found
        for port, stated in _group(metadata.get(DRAWS, {})).items():
            key = f"{DRAWS}' of '{port}"
            kind = KINDS[str(_group(stated).get("kind"))]
            draws.append(kind.read(port, sizes[port], stated))
        if HOST_STEP in metadata:
            key, stated = HOST_STEP, _group(metadata[HOST_STEP])
            step = STEPS[str(stated.get("kind"))](whole(stated.get("classes", 0), 0))
    except (ValueError, TypeError, KeyError):
        raise GraphError(f"metadata '{key}' makes no sense; export the file again") from None
    ports = [draw.port for draw in draws]
    if len(set(ports)) < len(ports):
        raise GraphError(f"metadata '{DRAWS}' feeds an input twice; export the file again")
    shared: dict[int, str] = {}
    for draw in draws:
        substream = getattr(draw, "substream", None)
        if substream is not None and shared.setdefault(substream, draw.port) != draw.port:
            raise GraphError(
                f"metadata '{DRAWS}': '{shared[substream]}' and '{draw.port}' have the same random "
                "numbers; export the file again"
            )
    known = {draw.classes for draw in draws} | ({step.classes} if step else set())
    if len(known - {0}) > 1:
        raise GraphError(
            f"metadata '{DRAWS}' states {' and '.join(map(str, sorted(known - {0})))} classes; "
            "export the file again"
        )
    return tuple(draws), step


def stated(draws: Sequence[Draw], step: HostStep | None) -> dict[str, Any]:
    """The entries of the metadata that state them."""
    first_form = sampler_form.stated(draws, step)
    if first_form is not None:
        return {SAMPLER: first_form}
    found: dict[str, Any] = {
        DRAWS: {draw.port: {"kind": draw.kind, **draw.stated()} for draw in draws}
    }
    if step is not None:
        found[HOST_STEP] = {"kind": step.kind, "classes": step.classes}
    return found


def _group(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("not a group")
    return value
