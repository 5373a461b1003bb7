"""The Lava backend: programs as graphs of Lava processes.

`run` runs a program in a Lava of its own and gives a Recording. `build_stock` and `build_network`
give the Lava processes themselves, to connect with others. Importing this package changes nothing;
`require_lava`, which all of these call, imports Lava and makes `import lava...` work from there on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnvae.deploy.lava.doctor import status
from snnvae.deploy.lava.importing import check_installed, require_lava
from snnvae.deploy.lava.runner import check_loihi2, run

if TYPE_CHECKING:
    from snnvae.deploy.lava.network import NetworkGraph
    from snnvae.deploy.lava.stock_graph import StockGraph
    from snnvae.program import Program
    from snnvae.stimulus import Stimulus


def build_stock(program: Program, stimulus: Stimulus) -> StockGraph:
    """The program as Lava's own processes, in this process; see `StockGraph`."""
    require_lava()
    from snnvae.deploy.lava.stock import build

    return build(program, stimulus)


def build_network(program: Program, stimulus: Stimulus) -> NetworkGraph:
    """The program as one Lava process that runs all samples at once; see `NetworkGraph`."""
    require_lava()
    from snnvae.deploy.lava.network import build

    return build(program, stimulus)


__all__ = [
    "build_network",
    "build_stock",
    "check_installed",
    "check_loihi2",
    "require_lava",
    "run",
    "status",
]
