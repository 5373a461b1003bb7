"""Networks as the text of .bif files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnvae.families.tables.network import Network


def write_bif(network: Network, title: str, notes: Sequence[str] = ()) -> str:
    """The text of a file that `read_bif` reads as the same network; notes: comments at its top."""
    lines = [*(f"// {note}" for note in notes), f"network {title} {{ }}"]
    for name, values in network.variables:
        lines.append(f"variable {name} {{ type discrete [ {len(values)} ] {_listed(values)}; }}")
    for variable, parents, table in zip(network.variables, network.parents, network.tables):
        above = [network.variables[p] for p in parents]
        given = f" | {', '.join(p.name for p in above)}" if above else ""
        lines.append(f"probability ( {variable.name}{given} ) {{")
        for place in np.ndindex(*table.shape[:-1]):
            names = ", ".join(p.values[k] for p, k in zip(above, place))
            numbers = ", ".join(repr(float(p)) for p in table[place])
            lines.append(f"  {f'({names})' if above else 'table'} {numbers};")
        lines.append("}")
    return "\n".join(lines) + "\n"


def _listed(values: Sequence[str]) -> str:
    return f"{{ {', '.join(values)} }}"
