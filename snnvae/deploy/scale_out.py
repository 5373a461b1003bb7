"""Samples of a run shared out over a Dask cluster that the user has started.

A share is a pure function of the program and its own samples, so a share that a lost worker had
begun is run again by another (Dask does that), and counts once: results are collected by share, in
order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from snnvae.errors import BackendError, ConfigError
from snnvae.extras import require
from snnvae.machine import one_line
from snnvae.program import Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

SHARES_PER_WORKER = 4
"""Several, so that a slow worker takes fewer."""
CONNECT_SECONDS = 10

RunShare = Callable[[Program, Stimulus, int], Recording]
"""(program, samples, threads) → their recording; it must be importable on the workers."""


def run_shared(
    address: str,
    program: Program,
    stimulus: Stimulus,
    run_share: RunShare,
    progress: Progress | None = None,
) -> Recording:
    """Run all samples on the cluster at `address`; the recording is that of one process.

    ConfigError if there is no cluster, BackendError if its workers fail.
    """
    check_address(address)
    progress = progress or NoProgress()
    with _client(address) as client:
        workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
        size = -(-stimulus.batch // (SHARES_PER_WORKER * workers))
        starts = range(0, stimulus.batch, size)
        shares = [stimulus.select(slice(at, at + size)) for at in starts]
        # As a task's result, which a lost worker does not take with it.
        whole = client.submit(_same, program, pure=False)
        futures = [client.submit(_share, run_share, whole, s, pure=False) for s in shares]
        progress.start("dask", stimulus.batch)
        parts = []
        for share, future in zip(shares, futures, strict=True):
            parts.append(_result(future))
            progress.advance(share.batch)
        progress.finish()
    return Recording.joined(parts)


def check_address(address: str) -> None:
    """ConfigError unless it looks like one."""
    if re.fullmatch(r"(\w+://)?[^\s/]+:\d+", address) is None:
        raise ConfigError(f"`dask` {address}: give the scheduler's address, as tcp://host:8786")


def _share(run_share: RunShare, program: Program, stimulus: Stimulus) -> Recording:
    from distributed import get_worker

    return run_share(program, stimulus, get_worker().state.nthreads)


def _same(program: Program) -> Program:
    return program


def _result(future: Any) -> Recording:
    from distributed import CancelledError, KilledWorker

    try:
        recording: Recording = future.result()
    except (KilledWorker, CancelledError) as error:
        raise BackendError(
            f"`dask`: the workers die on this network ({one_line(error)}); give them more memory, "
            "or run fewer samples at once"
        ) from error
    return recording


@contextmanager
def _client(address: str) -> Iterator[Any]:
    require("distributed")
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            f"`dask` {address}: no cluster answers there ({one_line(error)}); give the address "
            "that `dask scheduler` prints, as in tcp://host:8786"
        ) from None
    try:
        yield client
    finally:
        client.close()
