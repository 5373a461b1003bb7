"""Weights that a graph cannot hold are refused for what they are."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import nn

from snnvae.errors import ConfigError, GraphError, UnsupportedError
from snnvae.export import from_norse

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse


def net(**cell: Any) -> nn.Module:
    parameters = {name: torch.as_tensor(value) for name, value in cell.items()}
    lif = norse.LIFBoxCell(norse.LIFBoxParameters(**parameters))
    return norse.SequentialState(nn.Linear(6, 8), nn.BatchNorm1d(8), lif)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_is_said(kind: torch.dtype) -> None:
    with pytest.raises(UnsupportedError, match=rf"^'0.weight' is {kind}; .* call module.float"):
        from_norse(net().to(kind), (6,))


def test_a_buffer_counts_too() -> None:
    module = net()
    module[1].running_var = module[1].running_var.half()
    with pytest.raises(UnsupportedError, match=r"^'1.running_var' is torch.float16"):
        from_norse(module, (6,))


def test_a_device_without_values_is_said() -> None:
    with pytest.raises(UnsupportedError, match=r"^'0.weight' is on the 'meta' device"):
        from_norse(net().to("meta"), (6,))


def test_complex_and_sparse_weights_are_said() -> None:
    module = norse.SequentialState(nn.Linear(6, 8, dtype=torch.complex64), norse.LIFBoxCell())
    with pytest.raises(UnsupportedError, match=r"^'0.weight' is complex"):
        from_norse(module, (6,))
    module = net()
    module[0].weight = nn.Parameter(module[0].weight.detach().to_sparse())
    with pytest.raises(UnsupportedError, match=r"^'0.weight' is torch.sparse_coo; make it a dense"):
        from_norse(module, (6,))


def test_weights_without_a_shape_are_said() -> None:
    module = norse.SequentialState(nn.LazyLinear(8), norse.LIFBoxCell())
    with pytest.raises(
        UnsupportedError, match=r"^'0.weight' has no shape yet; run the module once"
    ):
        from_norse(module, (6,))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(("place", "name"), [(0, "weight"), (0, "bias"), (1, "running_mean")])
def test_what_is_not_finite_is_said(place: int, name: str, value: float) -> None:
    module = net()
    with torch.no_grad():
        getattr(module[place], name)[..., 0] = value
    with pytest.raises(GraphError, match=f"^'{place}.{name}' holds NaN or infinite values"):
        from_norse(module, (6,))


def test_what_is_not_finite_and_not_needed_does_not_matter() -> None:
    module = net()
    module.register_buffer("largest", torch.tensor(-torch.inf))
    assert "2" in from_norse(module, (6,)).nodes


def test_a_threshold_that_is_not_finite_is_said() -> None:
    with pytest.raises(GraphError, match=r"^'2.p.v_th' holds NaN"):
        from_norse(net(v_th=torch.nan), (6,))
    with pytest.raises(GraphError, match=r"^the threshold of '2' is infinite; .* LICell"):
        from_norse(net(v_th=torch.inf), (6,))


def test_the_parameters_of_a_cell_count_too() -> None:
    with pytest.raises(UnsupportedError, match=r"^'2.p.v_th' is torch.bfloat16"):
        from_norse(net(v_th=torch.tensor(0.5).bfloat16()), (6,))
    with pytest.raises(UnsupportedError, match=r"^'2.p.tau_mem_inv' is on the 'meta' device"):
        from_norse(net(tau_mem_inv=torch.tensor(0.5, device="meta")), (6,))


def test_a_variance_below_zero_is_said() -> None:
    module = net()
    module[1].running_var[0] = -1
    with pytest.raises(GraphError, match=r"^weight of '0' holds NaN or infinite values"):
        from_norse(module, (6,))


@pytest.mark.parametrize("steps", [0, -1, 2.5, "16"])
def test_steps_are_a_number(steps: Any) -> None:
    with pytest.raises(ConfigError, match="is not a positive whole number; pass `steps`"):
        from_norse(net(), (6,), steps=steps)
