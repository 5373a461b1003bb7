"""Samples of a run shared out over a Dask cluster that the user has started.

A share is a pure function of the program and its own samples, so a share that a lost worker had
begun is run again by another (Dask does that), and counts once: results are collected by share, in
order.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import platform
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from snnvae import __version__
from snnvae.errors import BackendError, ConfigError, SnnvaeError
from snnvae.extras import require
from snnvae.plain_text import words_of
from snnvae.program import Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

SHARES_PER_WORKER = 4
"""Several, so that a slow worker takes fewer."""
CONNECT_SECONDS = 10
WORKER_SECONDS = 60
"""Time for which a cluster may have no workers."""
LOOK_SECONDS = 2
"""Between two looks at whether there still are any."""
_OTHER = (
    "`dask`: the worker {worker} has {what}; install the same there, since other software may "
    "give other spikes"
)

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

    ConfigError if there is no cluster, BackendError if it has no workers, if one of them has other
    software than this process, which may give other spikes, or if it fails.
    """
    check_address(address)
    progress = progress or NoProgress()
    with _client(address) as client:
        workers = _workers(client, address, progress)
        size = -(-stimulus.batch // (SHARES_PER_WORKER * workers))
        starts = range(0, stimulus.batch, size)
        shares = [stimulus.select(slice(at, at + size)) for at in starts]
        # As a task's result, which a lost worker does not take with it.
        whole, here = client.submit(_same, program, pure=False), software()
        futures = [client.submit(_share, run_share, whole, s, here, pure=False) for s in shares]
        progress.start("dask", stimulus.batch)
        parts = []
        for share, future in zip(shares, futures, strict=True):
            parts.append(_result(client, address, future))
            progress.advance(share.batch)
        progress.finish()
    if any(part.info.get("program") != program.digest() for part in parts):
        raise BackendError("`dask`: the workers have run another program; restart them")
    return Recording.joined(parts)


def check_address(address: str) -> None:
    """ConfigError unless it looks like one, whose host is known."""
    found = re.fullmatch(r"(?:tcp://)?([^\s/]+):(\d{1,5})", address)
    if found is None or not 0 < int(found[2]) < 1 << 16:
        raise ConfigError(f"`dask` {address}: give the scheduler's address, as tcp://host:8786")
    try:
        socket.getaddrinfo(found[1].strip("[]"), int(found[2]))
    except (OSError, UnicodeError) as error:
        raise _no_cluster(address, f"the host is not known: {words_of(error)}") from None


@cache
def software() -> dict[str, str]:
    """What spikes may depend on: versions, and a hash of our own source, which may be edited."""
    package, source = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        source.update(path.read_bytes())
    versions = {name: metadata.version(name) for name in ("numpy", "scipy", "numba", "nir")}
    python = ".".join(platform.python_version_tuple()[:2])
    ours = f"{__version__} ({source.hexdigest()[:8]})"
    return {"snnvae": ours, "python": python, **versions}


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """In words; "" where they are the same."""
    return ", ".join(
        f"{name} {there.get(name, 'none')}, here {version}"
        for name, version in here.items()
        if there.get(name) != version
    )


def _share(
    run_share: RunShare, program: Program, stimulus: Stimulus, asked: Mapping[str, str]
) -> Recording:
    from distributed import get_worker

    found = differences(asked, software())  # also of a worker that came later
    if found:
        raise BackendError(_OTHER.format(worker=get_worker().address, what=found))
    return run_share(program, stimulus, get_worker().state.nthreads)


def _same(program: Program) -> Program:
    return program


def _workers(client: Any, address: str, progress: Progress) -> int:
    """How many workers there are, each with this process's software."""
    if not client.scheduler_info(n_workers=-1)["workers"]:
        progress.note(
            f"the cluster at {address} has no workers; waiting {WORKER_SECONDS:g} s for one"
        )
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError:
            raise _without_workers(address) from None
    for worker, there in client.run(software, on_error="return").items():
        what = (
            differences(software(), there)
            if isinstance(there, dict)
            else f"no snnvae that answers ({words_of(there)})"
        )
        if what:
            raise BackendError(_OTHER.format(worker=worker, what=what))
    return max(1, len(client.scheduler_info(n_workers=-1)["workers"]))


def _result(client: Any, address: str, future: Any) -> Recording:
    """The recording of a share; waits for as long as there are workers."""
    from distributed import CancelledError, KilledWorker

    since: float | None = None
    while True:
        try:
            recording: Recording = future.result(timeout=LOOK_SECONDS)
            return recording
        except SnnvaeError:
            raise
        except KilledWorker as error:
            raise BackendError(
                f"`dask`: the workers die on this network ({words_of(error)}); give them more "
                "memory, or run fewer samples at once"
            ) from error
        except CancelledError as error:
            raise _gone(address, error) from error
        except TimeoutError as error:
            if future.status == "error":  # a worker's own
                raise
            if client.status != "running":
                raise _gone(address, error) from error
            workers = client.scheduler_info(n_workers=-1)["workers"]
            now = time.monotonic()
            since = None if workers else now if since is None else since
            if since is not None and now - since > WORKER_SECONDS:
                raise _without_workers(address) from None
        except (ImportError, AttributeError, RuntimeError) as error:
            raise BackendError(
                f"`dask` {address}: a worker cannot take up the work ({words_of(error)}); install "
                f"snnvae {__version__} and what it needs on the scheduler and all workers"
            ) from error


def _without_workers(address: str) -> BackendError:
    return BackendError(
        f"`dask` {address}: the cluster has had no workers for {WORKER_SECONDS:g} s; start some, "
        f"by `dask worker {address}`"
    )


def _gone(address: str, error: BaseException) -> BackendError:
    return BackendError(
        f"`dask` {address}: the scheduler went away ({words_of(error)}); start it and run again"
    )


@contextmanager
def _client(address: str) -> Iterator[Any]:
    require("distributed")
    from distributed import Client

    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # what matters is said by us, in a line
    try:
        _check_scheduler(address)
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise _no_cluster(address, words_of(error)) from None
        try:
            yield client
        finally:
            client.close(timeout=CONNECT_SECONDS)
    finally:
        logger.setLevel(level)


def _check_scheduler(address: str) -> None:
    """ConfigError unless a scheduler answers there, in CONNECT_SECONDS.

    Dask's own client waits for ever where something takes the connection and says nothing, and
    takes what a stranger says for the size of an array.
    """
    from distributed.core import rpc
    from distributed.security import Security

    async def identity() -> Any:
        arguments = Security().get_connection_args("client")
        async with rpc(address, connection_args=arguments, timeout=CONNECT_SECONDS) as there:
            return await there.identity(n_workers=0)

    async def bounded() -> Any:
        return await asyncio.wait_for(identity(), CONNECT_SECONDS)

    with ThreadPoolExecutor(1) as pool:  # a notebook's thread has a loop already
        try:
            kind = pool.submit(asyncio.run, bounded()).result().get("type")
        except TimeoutError:
            raise _no_cluster(address, f"no answer in {CONNECT_SECONDS:g} s") from None
        except OSError as error:
            raise _no_cluster(address, words_of(error)) from None
        except Exception:  # whatever a stranger's bytes are taken for
            raise _no_cluster(address, "what answers is no Dask scheduler") from None
    if kind != "Scheduler":
        raise _no_cluster(address, f"a {kind} answers")


def _no_cluster(address: str, why: str) -> ConfigError:
    return ConfigError(
        f"`dask` {address}: no cluster answers there ({why}); give the address that `dask "
        "scheduler` prints, as in tcp://host:8786"
    )
