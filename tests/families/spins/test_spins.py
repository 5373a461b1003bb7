"""A chain of four spins, from training to the exact ground state, by the commands a user gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import Ended, snnvae
from in_code import HERE

from snnvae.families import registry
from snnvae.families.spins.ground_state import diagonalised
from snnvae.families.spins.hamiltonian import Hamiltonian

SMALL = ("--n", 4, "--hidden", 8, "--batch", 32)


def done(*arguments: object) -> Ended:
    ended = snnvae(*arguments)
    assert ended.code == 0, (arguments, ended.err, ended.out)
    return ended


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spins") / "run"
    done("train", "spins", *SMALL, "--lr", 0.2, "--epochs", 12, "-o", folder)
    done("export", folder / "model.pt", "-o", folder / "net.nir")
    return folder


def test_training_comes_near_the_ground_state(run: Path) -> None:
    record = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert abs(record["test_relative_error"]) < 2e-4
    assert record["test_energy"] == pytest.approx(-5.2262518595 / 4, abs=1e-3)


def test_the_deployed_sampler_stands_beside_the_exact_ground_state(run: Path) -> None:
    ended = done(
        "evaluate", run / "model.pt", "--samples", 30_000, "--precision", "fixed", "--json"
    )
    found = json.loads(ended.out)
    assert found["energy"]["exact"]["value"] == pytest.approx(-5.2262518595)
    assert abs(found["relative energy error"]["fixed"]["value"]) < 2e-4
    assert found["infidelity"]["model"]["value"] < 1e-4
    assert found["histogram infidelity"]["fixed"]["value"] < 3e-3
    for name in ("transverse", "correlation 1", "correlation 2"):
        fixed, exact = found[name]["fixed"], found[name]["exact"]
        assert abs(fixed["value"] - exact["value"]) < 4 * fixed["standard_error"]
    assert found["sweeps per independent state"]["fixed"]["value"] > 1


def test_causes_are_taken_away_one_by_one(run: Path, tmp_path: Path) -> None:
    rungs = json.loads(done("diagnose", run / "model.pt", "-o", tmp_path, "--json").out)["rungs"]
    assert list(rungs) == [
        "in fixed point", "without rounding", "independent states, by exact probabilities",
        "the machine itself",
    ]  # fmt: skip
    assert rungs["in fixed point"] > rungs["independent states, by exact probabilities"]
    assert rungs["independent states, by exact probabilities"] > rungs["the machine itself"]
    few = json.loads(done("diagnose", run / "model.pt", "--samples", 400, "--json").out)
    assert few["samples"] == 400
    assert few["rungs"]["in fixed point"] > rungs["in fixed point"]
    refused = snnvae("diagnose", run / "model.pt", "--draws", 4)
    assert "--draws is for models of images, not of spins: leave it out" in refused.mistake
    refused = snnvae("evaluate", run / "model.pt", "--card", tmp_path / "a.md")
    assert "--card is for models of images, not of spins: leave it out" in refused.mistake


def test_every_backend_and_norse_agree_and_no_process_is_ours(run: Path) -> None:
    ended = done(
        "check", run / "net.nir", "--samples", 2, "--steps", 12, "--checkpoint", run / "model.pt",
        "--json",
    )  # fmt: skip
    found = json.loads(ended.out)
    assert found["agrees"]
    assert {row["peer"] for row in found["rows"]} == {
        "emulator", "lava-batched", "lava-stock", "norse",
    } | HERE  # fmt: skip
    assert all(row["spikes"] > 0 for row in found["rows"])


def test_energy_is_told_by_state_and_by_independent_state(run: Path, tmp_path: Path) -> None:
    done("simulate", run / "net.nir", "--samples", 4, "--steps", 400, "-o", tmp_path)
    ended = done("energy", tmp_path / "recording.h5", "--profile", "horowitz45", "--json")
    found = json.loads(ended.out)
    assert found["state_pj"] == pytest.approx(found["energy_pj"]["total"]["nominal"] / 400)
    tau = found["sweeps_per_independent_state"]
    assert tau > 1
    assert found["independent_state_pj"] == pytest.approx(tau * found["state_pj"])
    # A dense sweep reads each weight twice; random numbers are no synapses of the twin.
    weights = np.count_nonzero(registry.load(run / "model.pt")[1].machine().w)
    assert found["ann"]["macs"] == 400 * 2 * weights
    text = done("energy", tmp_path / "recording.h5", "--profile", "horowitz45").out
    assert "Per state, one a step:" in text


@pytest.mark.parametrize("options", [("--descent", "adam"), ("--amplitudes", "histogram")])
def test_adam_and_the_histogram_lower_the_energy_too(
    options: tuple[str, str], tmp_path: Path
) -> None:
    done("train", "spins", *SMALL, *options, "--epochs", 4, "-o", tmp_path / "run")
    records = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    energies = [json.loads(line)["test_energy"] for line in records]
    assert energies[-1] < min(-1.02, energies[0])


def test_a_training_resumes_bit_for_bit(tmp_path: Path) -> None:
    words = ("spins", "--n", 3, "--batch", 8, "--sweeps", 2, "--schedule", "constant")
    done("train", *words, "--epochs", 3, "-o", tmp_path / "whole")
    done("train", *words, "--epochs", 1, "-o", tmp_path / "parts")
    done("train", "--resume", "--epochs", 3, "-o", tmp_path / "parts")
    whole, parts = ((tmp_path / name / "model.pt").read_bytes() for name in ("whole", "parts"))
    assert whole == parts


def test_a_recording_of_less_than_a_sweep_has_no_time(run: Path, tmp_path: Path) -> None:
    done("simulate", run / "net.nir", "--samples", 2, "--steps", 3, "-o", tmp_path)
    found = json.loads(done("energy", tmp_path / "recording.h5", "--json").out)
    assert "state_pj" in found
    assert "sweeps_per_independent_state" not in found
    done("simulate", run / "net.nir", "--samples", 2, "--steps", 8, "-o", tmp_path)
    assert "at least" in done("energy", tmp_path / "recording.h5").out.splitlines()[-1]


def test_a_training_goes_on_with_another_number_of_chains(run: Path, tmp_path: Path) -> None:
    done("train", "--from", run / "model.pt", "--batch", 3, "--epochs", 1, "-o", tmp_path / "more")


def test_a_network_alone_does_not_know_its_system(run: Path) -> None:
    refused = snnvae("evaluate", run / "net.nir")
    assert "give the checkpoint, which knows its system" in refused.mistake


def test_a_hamiltonian_comes_from_a_file_and_stays_with_the_model(tmp_path: Path) -> None:
    file = tmp_path / "pair.txt"
    file.write_text("-1 Z0 Z1\n-0.5 X0\n-0.5 X1\n0.1 Z0\n")
    out = tmp_path / "run"
    done(
        "train",
        "spins",
        "--hamiltonian",
        file,
        "--epochs",
        3,
        "--batch",
        16,
        "--lr",
        0.3,
        "-o",
        out,
    )
    file.unlink()
    ended = done("evaluate", out / "model.pt", "--samples", 4000, "--precision", "float", "--json")
    exact = diagonalised(Hamiltonian(2, ("-1 Z0 Z1", "-0.5 X0", "-0.5 X1", "0.1 Z0")))
    found = json.loads(ended.out)["energy"]
    assert found["exact"]["value"] == exact.energy
    assert exact.energy < found["model"]["value"] < 0.9 * exact.energy


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--n", 63), "a state of more than 62 sites is too long"),
        (("--lattice", "heisenberg", "--n", 5), "a ring of odd length has a sign problem"),
        (("--lattice", "square", "--n", 5), "a square lattice has 4, 9, 16"),
        (("--translation", "--n", 4, "--hidden", 6), "a multiple of n hidden"),
        (("--h", -1), r"sign problem: flipping site 0 has the element \+1"),
        (("--h", 0, "--j", 0), "there is nothing to lower"),
        (("--hidden", 100_000_000), "use fewer --hidden, --batch or --sweeps"),
        (("--h", "nan"), "h nan must be a number"),
        (("--qat", "loihi2"), "qat is not for spins"),
        (("--spike-budget", "3k"), "spike_budget is not for spins"),
        (("--dataset", "digits"), "spins have none; leave it out"),
        (
            ("--adaptive-latent",),
            "are not pruned; choose their number with --hidden",
        ),
    ],
)
def test_what_is_no_system_of_spins_is_refused(
    arguments: tuple[object, ...], message: str, tmp_path: Path
) -> None:
    refused = snnvae("train", "spins", *arguments, "-o", tmp_path / "run")
    assert refused.code == 2
    assert re.search(message, refused.mistake), refused.mistake


def test_a_front_is_refused_before_anything_is_trained(run: Path, tmp_path: Path) -> None:
    refused = snnvae("train-front", "--from", run / "model.pt", "-o", tmp_path / "front")
    assert "a sampler shows a state at each step" in refused.mistake
    assert not (tmp_path / "front").exists()
