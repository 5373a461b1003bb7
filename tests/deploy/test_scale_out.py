"""Samples shared out over a Dask cluster: the recording of one process, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lost_worker import dies

from snnvae.deploy.backends import RunResources
from snnvae.deploy.run import run
from snnvae.deploy.scale_out import run_shared
from snnvae.errors import BackendError, ConfigError
from snnvae.hardware_sim.fast import engine
from snnvae.program import Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

pytestmark = pytest.mark.slow
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as made:
        yield made


@pytest.fixture
def case(nets: Any) -> tuple[Program, Stimulus]:
    program = nets.compiled(nets.small(), "fixed")
    stimulus = nets.spikes(program, steps=6)
    streams = {name: np.tile(s, (7, *(1,) * (s.ndim - 1))) for name, s in stimulus.streams.items()}
    return program, Stimulus(streams, tuple(range(len(streams["in"]))))


def assert_same(got: Recording, wanted: Recording) -> None:
    for part in ("spikes", "final", "outputs"):
        for name, values in getattr(wanted, part).items():
            np.testing.assert_array_equal(getattr(got, part)[name], values)
    assert dict(got.info) == dict(wanted.info)


def test_samples_counts_and_order_are_those_of_one_process(cluster: Any, case: Any) -> None:
    program, stimulus = case
    resources = RunResources(dask=cluster.scheduler_address)
    assert_same(run(program, stimulus, resources=resources), run(program, stimulus))


def test_what_a_lost_worker_had_is_run_again_and_counts_once(
    cluster: Any, case: Any, tmp_path: Path
) -> None:
    program, stimulus = case
    share = partial(dies, marker=tmp_path, times=1)
    got = run_shared(cluster.scheduler_address, program, stimulus, share)
    assert len(list(tmp_path.iterdir())) == 1
    assert_same(got, engine.run(program, stimulus))


def test_a_share_that_always_kills_its_worker_ends_the_run(
    cluster: Any, case: Any, tmp_path: Path
) -> None:
    program, stimulus = case
    share = partial(dies, marker=tmp_path, times=1000)
    with pytest.raises(BackendError, match="the workers die"):
        run_shared(cluster.scheduler_address, program, stimulus, share)


def test_an_address_without_a_cluster_is_said(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnvae.deploy.scale_out.CONNECT_SECONDS", 0.5)
    with pytest.raises(ConfigError, match="no cluster answers there"):
        run(*case, resources=RunResources(dask="tcp://127.0.0.1:1"))
