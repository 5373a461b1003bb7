"""Encoder, decoder and autoregressive nets have the papers' shapes and sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from snnvae.errors import ConfigError
from snnvae.families.images.config import Config
from snnvae.families.images.nets import AutoregressiveNet, Decoder, Encoder, smallest_map
from snnvae.train.build import build
from snnvae.train.to_nir import columns_of

PAPER = {"image_size": 32, "widths": (32, 64, 128, 256), "latent": 128, "k": 20}
LARGE = {"image_size": 64, "widths": (32, 64, 128, 256, 512), "latent": 128, "k": 20}


@pytest.mark.parametrize(
    ("settings", "parameters"),
    [
        ({"model": "fsvae", "channels": 1, **PAPER}, 4_053_601),
        ({"model": "fsvae", "channels": 3, **PAPER}, 4_054_755),
        ({"model": "fsvae", "channels": 3, **LARGE}, 6_681_571),
        ({"model": "esvae", "channels": 3, **PAPER}, 1_069_411),
    ],
)
def test_parameter_counts_are_the_papers(settings: dict[str, object], parameters: int) -> None:
    with torch.device("meta"):
        model = build(Config(**settings))
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize(
    ("size", "channels", "widths"), [(8, 1, (4, 6)), (32, 3, (2, 3, 4, 5)), (12, 2, (3, 4))]
)
def test_maps_halve_on_the_way_in_and_double_on_the_way_out(
    size: int, channels: int, widths: tuple[int, ...]
) -> None:
    encoder = Encoder(size, channels, widths, 7)
    decoder = Decoder(size, channels, (*reversed(widths), widths[0]), 7)
    sides: dict[str, int] = {}

    def watch(module: nn.Module, name: str) -> None:
        module.register_forward_hook(lambda m, i, out: sides.update({name: out.shape[-1]}))

    for prefix, block in (("encoder", encoder), ("decoder", decoder)):
        for name, layer in block.items():
            if name.isdecimal():
                watch(layer, f"{prefix}.{name}")
    z = encoder(torch.rand(5, 2, channels, size, size))
    image = decoder(z)
    assert z.shape == (5, 2, 7)
    assert image.shape == (5, 2, channels, size, size)
    for i in range(len(widths)):
        assert sides[f"encoder.{i}"] == size // 2 ** (i + 1)
        assert sides[f"decoder.{i}"] == size // 2 ** (len(widths) - 1 - i)


def test_node_names_are_module_paths() -> None:
    model = build(Config.default("fsvae", widths=(4, 6), latent=5, k=3))
    lifs = [name for name, _ in model.named_modules() if name.endswith(".lif")]
    assert lifs == [
        "encoder.0.lif",
        "encoder.1.lif",
        "encoder.latent.lif",
        "decoder.input.lif",
        "decoder.0.lif",
        "decoder.1.lif",
        "posterior.0.lif",
        "posterior.1.lif",
        "posterior.2.lif",
        "prior.0.lif",
        "prior.1.lif",
        "prior.2.lif",
    ]


@pytest.mark.parametrize(("size", "widths"), [(10, (4, 4)), (8, (2, 2, 2, 2)), (9, (3,))])
def test_images_that_cannot_be_halved_are_refused(size: int, widths: tuple[int, ...]) -> None:
    with pytest.raises(
        ConfigError, match=rf"image_size {size} cannot be halved {len(widths)} times"
    ):
        smallest_map(size, widths)


def test_running_the_first_convolution_once_changes_no_spike() -> None:
    torch.manual_seed(0)
    image = torch.rand(3, 1, 8, 8, dtype=torch.float64)
    long, short = (Encoder(8, 1, (4, 6), 5).double() for _ in range(2))
    short.load_state_dict(long.state_dict())
    one, other = long(image.expand(6, *image.shape)), short.constant(image, 6)
    assert torch.equal(one, other)
    for (name, a), (_, b) in zip(long.named_buffers(), short.named_buffers()):
        # Sums of six times as many terms, in another order.
        torch.testing.assert_close(a, b, msg=name)
    one.sum().backward()
    other.sum().backward()
    for (name, p), (_, q) in zip(long.named_parameters(), short.named_parameters()):
        torch.testing.assert_close(p.grad, q.grad, msg=name)


def test_autoregressive_net_carries_its_state() -> None:
    torch.manual_seed(0)
    net = AutoregressiveNet(4, 4, 3).eval()
    for module in net.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight)
    x = (torch.rand(6, 2, 4) > 0.5).float()
    whole = net(x)
    state, steps = None, []
    for row in x:
        spikes, state = net.step(row, state)
        steps.append(spikes)
    assert torch.equal(torch.stack(steps), whole)
    assert 0.05 < whole.mean() < 0.95


def test_columns_of_a_synapse_add_up() -> None:
    linear, x, z = nn.Linear(10, 6).double(), torch.rand(3, 4).double(), torch.rand(3, 6).double()
    first, second = columns_of(linear, 0, 4, True), columns_of(linear, 4, 6, False)
    torch.testing.assert_close(first(x) + second(z), linear(torch.cat([x, z], -1)))
    assert not second.bias.any()


def test_a_posterior_begins_with_the_identity_that_is_set(tiny: Callable[..., Config]) -> None:
    without, wanted = (build(tiny("fsvae", identity=value)) for value in (0.0, 3.0))
    without.posterior.add_identity(3.0)
    for name, value in without.state_dict().items():
        assert torch.equal(value, wanted.state_dict()[name]), name
    with pytest.raises(ConfigError, match="identity is for fsvae, not esvae"):
        tiny("esvae", identity=3.0)


@pytest.mark.parametrize("hidden", [(), (12, 20)])
def test_the_identity_leads_from_each_latent_to_its_candidates(hidden: tuple[int, ...]) -> None:
    latent, k = 6, 3
    net = AutoregressiveNet(2 * latent, latent, k, hidden)
    before = [layer.synapse.weight.detach().clone() for layer in net.values()]
    net.add_identity(2.0)
    added = [layer.synapse.weight.detach() - old for layer, old in zip(net.values(), before)]
    path = added[2] @ added[1] @ added[0]
    wanted = 8 * torch.eye(2 * latent)[:latent].repeat_interleave(k, 0)
    torch.testing.assert_close(path, wanted)
