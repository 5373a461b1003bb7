"""A front in words: the table of its points, and whether one beats the ANN at equal quality."""

from __future__ import annotations

from snnvae.energy import units
from snnvae.energy.interval import Interval
from snnvae.evaluate.front.result import CASES, COMPUTE, Front
from snnvae.table import Table

HEADERS = (
    "network", "T", "budget", "MSE", "float MSE", "SOP / image", "SOP / synapse",
    "energy, arithmetic", "energy, memory", "× ANN, arithmetic", "× ANN, ideal reuse",
    "× ANN, no reuse",
)  # fmt: skip
ANN_HEADERS = ("ANN, int8", "MSE", "MACs", "arithmetic", "memory, ideal reuse", "memory, no reuse")


def rows(front: Front) -> list[tuple[str, ...]]:
    """One for each point; ratios are to the ANN of the same topology."""
    return [
        (
            p.name,
            str(p.steps),
            f"{p.budget:,.0f}" if p.budget else "–",
            f"{p.mse:.4f}",
            f"{p.float_mse:.4f}",
            f"{p.operations:,.0f}",
            f"{p.operations / p.synapses:.3f}",
            *(units.energy(p.energy(profile).nominal) for profile in p.labels),
            *(
                _ratio(front.ratio(p, front.anns[0], *case)) if front.anns else "–"
                for case in CASES
            ),
        )
        for p in front.points
    ]


def ann_rows(front: Front) -> list[tuple[str, ...]]:
    """One for each ANN."""
    return [
        (
            ann.name,
            f"{ann.mse:.4f}",
            f"{ann.macs:,}",
            *(units.energy(ann.energy(*case).nominal) for case in CASES),
        )
        for ann in front.anns
    ]


def answers(front: Front) -> list[str]:
    """Says for each way of counting memory if a point needs less than an ANN that is as good."""
    return [_answer(front, profile, reuse) for profile, reuse in CASES] if front.anns else []


def _answer(front: Front, profile: str, reuse: str) -> str:
    what = "Arithmetic alone" if reuse == COMPUTE else f"Memory included, the ANN with {reuse}"
    matched = [(p, ann) for p in front.points if (ann := front.equal(p, profile, reuse))]
    if not matched:
        return (
            f"{what}: undecided. No ANN that was trained reconstructs as well; train larger ones, "
            "or longer."
        )
    found = [(front.ratio(p, ann, profile, reuse), p, ann) for p, ann in matched]
    ratio, point, ann = min(found, key=lambda one: one[0].nominal)
    if ratio.high < 1:
        verdict = "yes"
    elif ratio.nominal < 1:
        verdict = "inconclusive, the prices' bands decide"
    else:
        verdict = "no"
    text = (
        f"{what}: {verdict}. Nearest is {point.name} (MSE {point.mse:.4f}) with {_ratio(ratio)} "
        f"times the energy of {ann.name} (MSE {ann.mse:.4f}), the cheapest ANN that reconstructs "
        "at least as well."
    )
    parts = point.parts[profile]
    shares = sorted(((e / sum(parts.values()), group) for group, e in parts.items()), reverse=True)
    text += f" Its energy is {', '.join(f'{share:.0%} {group}' for share, group in shares)}."
    alone = point.still[profile] / ann.energy(profile, reuse).nominal
    text += f" Without a single spike it would need {alone:.3g} times as much as that ANN."
    if better := [p.name for p in front.points if front.equal(p, profile, reuse) is None]:
        text += f" No ANN that was trained reconstructs as well as {', '.join(better)}."
    whole = front.anns[0].energy(profile, reuse).nominal
    never = sorted({p.steps for p in front.points if p.still[profile] >= whole})
    if never:
        text += (
            " Neuron updates and other work that no spike changes cost alone more than the whole "
            f"ANN of the same topology at T = {', '.join(map(str, never))}."
        )
    return text


def _ratio(ratio: Interval) -> str:
    return f"{ratio.nominal:.3g} ({ratio.low:.3g}–{ratio.high:.3g})"


def markdown(front: Front) -> str:
    """Tables and answers."""
    lines = [
        f"# Quality against energy: {front.model.upper()} on {front.dataset}",
        "",
        "Estimates, not measurements (docs/energy.md). Reconstruction by the network deployed in "
        f"Loihi's fixed point, mean over {front.images:,} held-out images; energy per image, "
        f"encoder and decoder, mean over {front.priced_images:,}, 45 nm.",
        "",
        Table(HEADERS, rows(front)).as_markdown(),
    ]
    if front.anns:
        lines += ["", Table(ANN_HEADERS, ann_rows(front)).as_markdown(), ""]
        lines += [f"* {answer}" for answer in answers(front)]
    return "\n".join(lines) + "\n"
