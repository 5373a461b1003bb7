"""``snnvae demo``: the whole chain on handwritten digits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.check import parity_text
from snnvae.commands.options import as_json
from snnvae.commands.outputs import Command, OutputFolder
from snnvae.commands.result import Result
from snnvae.deploy.backends import Backend
from snnvae.files import write_text
from snnvae.progress import Progress
from snnvae.table import Table

if TYPE_CHECKING:
    from snnvae.program import Precision

MODELS = ("esvae", "fsvae")
PRECISIONS: tuple[Precision, ...] = ("float", "fixed")
BACKEND: Backend = "lava-batched"
RECIPE = "{model}-digits-lasting"
COMPONENTS = {"esvae": 20}
"""Of the prior that is fitted to a trained model."""


@click.command(cls=Command, epilog="Example: snnvae demo -o out/")
@click.option("-o", "--out", type=OutputFolder(), default=Path("out"), show_default=True)
@click.option("--samples", default=64, show_default=True, type=click.IntRange(1))
@click.option("--epochs", type=click.IntRange(1), help="Train for less (default: the model's).")
@click.option("--model", "models", type=click.Choice(MODELS), multiple=True, help="Only this one.")
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    out: Path,
    samples: int,
    epochs: int | None,
    models: tuple[str, ...],
    as_json: bool,
) -> Result:
    """Train an ESVAE and an FSVAE on scikit-learn's digits, fit a prior to the ESVAE, export,
    compile, run on Lava in float and fixed point, estimate energy, and compare all backends.

    Run again, it goes on where its training stopped.
    """
    from snnvae.extras import require_extra

    require_extra("train")
    require_extra("report")
    import torch

    from snnvae.train.alone import alone_in

    # Maps of 8×8 gain little from a second thread, and one gives the same weights on any machine
    # with the same instructions.
    torch.set_num_threads(1)
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    agree = True
    for model in models or MODELS:
        with alone_in(out / model, what="demo"):
            result = _one_model(model, out / model, samples, epochs, progress)
        data[model] = result
        agree = agree and result["agrees"]
        parity = "all backends agree" if result["agrees"] else "DIFFERS, see parity.txt"
        errors = [f"{result['mse'][p]:.4f}" for p in ("norse", *PRECISIONS)]
        rows.append((model, *errors, parity))
    held_out = next(iter(data.values()))["images"]
    title = f"reconstruction MSE of {held_out} held-out digits, parity of {samples} generated ones"
    headers = ("model", "Norse", "Lava float", "Lava fixed", "parity")
    where = "\n".join(f"look into {out / model}" for model in data)
    text = f"{title}\n\n{Table(headers, rows).as_text()}\n{where}"
    return Result(text, data, 0 if agree else 1, as_json)


def _one_model(
    model: str, out: Path, samples: int, epochs: int | None, progress: Progress
) -> dict[str, Any]:
    import numpy as np

    from snnvae.commands.run_network import Request, execute
    from snnvae.commands.run_outputs import OutputWriter
    from snnvae.evaluate.check import check
    from snnvae.evaluate.deployed import DeployedModel
    from snnvae.evaluate.parity import all_agree
    from snnvae.export.nir_file import write_nir
    from snnvae.families import registry
    from snnvae.families.images.fitted_prior import fit_prior
    from snnvae.families.resolve import resolve
    from snnvae.train import checkpoint
    from snnvae.train.chain import trained as trained_in
    from snnvae.train.to_nir import to_nir

    changes = {} if epochs is None else {"epochs": epochs}
    settings = resolve(RECIPE.format(model=model), changes)
    path = trained_in(settings, out, progress=progress)
    _, trained = registry.load_spiking(path)
    family = settings.family
    split = family.data(settings)
    if model in COMPONENTS:
        trained = fit_prior(trained, split.train, COMPONENTS[model], progress=progress)
        checkpoint.save(out / "fitted.pt", trained)
    generator = out / "generator.nir"
    write_nir(to_nir(trained), generator)
    held_out = split.test.take(slice(samples))
    (images,) = (np.asarray(values) for values in held_out.inputs.values())
    errors = {"norse": family.error_of(trained, held_out)}
    for precision in PRECISIONS:
        folder = out / precision
        request = Request(generator, folder, samples=samples, precision=precision)
        execute(BACKEND, request, progress)
        copies = DeployedModel(trained, precision, backend=BACKEND, progress=progress).run(held_out)
        figures = family.figures(settings, copies.outputs, held_out)
        errors[precision] = figures[family.error]
        for name, (graph, recording) in copies.parts.items():
            write_nir(graph, out / f"{name}.nir")
            recording.save(folder / f"{name}.h5", graph)
            with OutputWriter(folder / "reconstruction") as outputs:
                outputs.append(recording, images.astype(np.float64))
    graph = to_nir(trained)
    found = check(graph, samples=samples, model=trained, progress=progress)
    write_text(out / "parity.txt", parity_text(found) + "\n")
    return {
        "agrees": all_agree(found.rows),
        "mse": errors,
        "images": len(images),
        "folder": str(out),
    }
