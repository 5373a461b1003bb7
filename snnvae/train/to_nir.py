"""The spiking VAEs as NIR graphs.

Every population is a (C, H, W) map, vectors being (N, 1, 1), so that each Linear is a Conv2d whose
kernel covers the map: NIR has no way from a vector back to a map. Node names are the model's module
names.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
from torch import nn

from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION
from snnvae.errors import ConfigError
from snnvae.export import layers
from snnvae.export.builder import GraphBuilder
from snnvae.train.blocks import SpikingLayer, split_columns
from snnvae.train.constants import DT, READOUT_GAIN
from snnvae.train.esvae import ESVAE
from snnvae.train.fsvae import FSVAE
from snnvae.train.run import PARTS
from snnvae.train.vae import SpikingVAE

DEFAULT_PART = "generator"
OUTPUT, CLASS = "output", "class"


def parts_for(model: SpikingVAE, part: str) -> tuple[str, ...]:
    """The graphs that a part becomes; ConfigError if the model has no such part.

    ESVAE's latent rates need all T steps before the first spike is drawn, so its autoencoder is two
    graphs with the host's draw between them.
    """
    if isinstance(model, ESVAE) and part == "autoencoder":
        return ("encoder", "decoder")
    known = PARTS[type(model)]
    if part not in known:
        choices = ", ".join(sorted({*known, "autoencoder"}))
        raise ConfigError(f"`part` {part}: {type(model).__name__} has the parts {choices}")
    return (part,)


def to_nir(model: SpikingVAE, part: str = DEFAULT_PART) -> nir.NIRGraph:
    """One part of a model (folded here if it is not yet) as a graph that snnvae compiles."""
    (part,) = parts_for(model, part)
    net = model if model.is_folded else model.folded()
    return _PartBuilder(net, part).graph()


class _PartBuilder:
    """Adds the nodes of one part in the order in which spikes pass them."""

    def __init__(self, model: SpikingVAE, part: str) -> None:
        self.model, self.part, self.config = model, part, model.config
        self.builder = GraphBuilder()
        self.inputs: dict[str, dict[str, object]] = {}
        self.sampler: dict[str, object] = {}
        self.readouts: dict[str, dict[str, object]] = {}

    def graph(self) -> nir.NIRGraph:
        ends = self._latents()
        if self.part in ("decoder", "generator", "autoencoder"):
            ends = self._decoder(ends)
            self.readouts[OUTPUT] = {"tanh": True}
        shape = next(iter(self.builder.nodes[ends].output_type.values()))
        self.builder.add(OUTPUT, nir.Output({"output": shape}), ends)
        own: dict[str, object] = {
            "version": METADATA_VERSION,
            "dt": DT,
            "steps": self.config.steps,
            "reset": "zero",
            "initial": "v_reset",
            "model": self.config.model,
            "dataset": self.config.dataset,
            "part": self.part,
            "inputs": self.inputs,
            "readouts": self.readouts,
            "sampler": self.sampler,
            "scales": {k: v for k, v in self.model.scales.items() if k in self.builder.nodes},
        }
        return self.builder.build({METADATA_KEY: {k: v for k, v in own.items() if v != {}}})

    def _latents(self) -> str:
        """The population whose spikes the decoder sees (or where the part ends)."""
        latent = None
        if self.part in ("encoder", "posterior") or self.part == "autoencoder":
            latent = self._encoder()
        if self.part == "encoder":
            assert latent is not None
            if isinstance(self.model, ESVAE):
                self.sampler = {"kind": "esvae-posterior"}
                if self.config.conditional:  # its decoder will ask for the samples' classes
                    self.sampler |= {"classes": self.config.classes}
            return latent
        if isinstance(self.model, FSVAE) and self.part != "decoder":
            return self._sampler(self.model, latent)
        if isinstance(self.model, ESVAE) and self.part == "generator":
            weight = layers.array(self.model.sample.weight)
            self.sampler = {
                "kind": "esvae-prior",
                "input": "z",
                "weight": weight[:, : self.config.latent],
                "bias": layers.array(self.model.sample.bias),
            }
            if self.config.conditional:
                self.sampler |= {"class_weight": weight[:, self.config.latent :]}
        return self._input("z", (self.config.latent, 1, 1))

    def _input(self, name: str, shape: tuple[int, ...], **described: object) -> str:
        if described:
            self.inputs[name] = described
        return self.builder.add(name, nir.Input({"input": np.array(shape)}))

    def _class(self) -> str:
        """The input of the class, one neuron for each, which prior and decoder share."""
        if CLASS not in self.builder.nodes:
            classes = self.config.classes
            self.sampler.setdefault("kind", "class")
            self.sampler |= {"classes": classes, "class_input": CLASS}
            self._input(CLASS, (classes, 1, 1))
        return CLASS

    def _encoder(self) -> str:
        config, side = self.config, self.config.image_size
        shape: tuple[int, ...] = (config.channels, side, side)
        after = self._input("image", shape, analog=True, constant=True, low=-1.0, high=1.0)
        for name, layer in self.model.encoder.items():
            assert isinstance(layer, SpikingLayer)
            synapse = layer.synapse
            if name == "latent":
                node = layers.linear_as_conv(synapse.weight, synapse.bias, shape)
            else:
                node = layers.conv2d(synapse, shape)
            after, shape = self._spiking(f"encoder.{name}", node, layer, after)
        return after

    def _sampler(self, model: FSVAE, latent: str | None) -> str:
        """FSVAE's loop: z[t−1] → net → k candidates per latent → the chosen one → z[t]."""
        size, k = self.config.latent, self.config.k
        self.sampler = {"kind": "fsvae", "input": "choice", "latents": size, "k": k}
        net, prefix = (model.prior, "prior") if latent is None else (model.posterior, "posterior")
        choice = self._input("choice", (size * k, 1, 1))
        builder = self.builder
        after = builder.add("z.delay", nir.Delay(np.full((size, 1, 1), DT)))
        shape: tuple[int, ...] = (size, 1, 1)
        for name, layer in net.items():
            assert isinstance(layer, SpikingLayer)
            linear = layer.synapse
            assert isinstance(linear, nn.Linear)
            if name == "0" and (latent is not None or self.config.conditional):
                first, second = split_columns(linear, size)
                of_class = (self.config.classes, 1, 1)
                nodes = (
                    {
                        f"{prefix}.0.x": (_conv1x1(first, shape), latent),
                        f"{prefix}.0.z": (_conv1x1(second, shape), after),
                    }
                    if latent is not None
                    else {
                        f"{prefix}.0.z": (_conv1x1(first, shape), after),
                        f"{prefix}.0.class": (_conv1x1(second, of_class), self._class()),
                    }
                )
                for half, (node, source) in nodes.items():
                    builder.add(half, node, source)
                lif = layers.lif_box(layer.lif.cell, (linear.out_features, 1, 1))
                after = builder.add(f"{prefix}.0.lif", lif, nodes)
                shape = (linear.out_features, 1, 1)
            else:
                node = _conv1x1(linear, shape)
                after, shape = self._spiking(f"{prefix}.{name}", node, layer, after)
        # A candidate and its choice together exceed 1.5; at most one of a latent's k does.
        select = nir.Threshold(np.full((size * k, 1, 1), 1.5))
        builder.add("select", select, (after, choice))
        ones = np.kron(np.eye(size), np.ones((1, k))).astype(np.float32)[:, :, None, None]
        total = nir.Conv2d((1, 1), ones, (1, 1), (0, 0), (1, 1), 1, np.zeros(size, np.float32))
        builder.add("z.sum", total, "select")
        builder.add("z", nir.Threshold(np.full((size, 1, 1), 0.5)), "z.sum")
        builder.connect("z", "z.delay")
        return "z"

    def _decoder(self, after: str) -> str:
        decoder = self.model.decoder
        first = decoder["input"]
        assert isinstance(first, SpikingLayer)
        if self.config.conditional:
            after, shape = self._decoder_input(first, after)
        else:
            node, bias = layers.linear_to_map(first.synapse, decoder.map)
            after, shape = self._spiking("decoder.input", node, first, after, bias)
        for name, layer in decoder.items():
            if isinstance(layer, SpikingLayer) and name != "input":
                node = layers.conv_transpose2d(layer.synapse, shape)
                after, shape = self._spiking(f"decoder.{name}", node, layer, after)
        node = layers.conv_transpose2d(decoder["output"], shape)
        after = self.builder.add("decoder.output", node, after)
        readout = layers.li_box(self.model.readout.cell, _shape(node), READOUT_GAIN)
        return self.builder.add("readout", readout, after)

    def _decoder_input(self, layer: SpikingLayer, after: str) -> tuple[str, tuple[int, ...]]:
        """The decoder's first layer behind z and the class; its bias comes with z's half."""
        linear = layer.synapse
        assert isinstance(linear, nn.Linear)
        from_z, from_class = split_columns(linear, self.config.latent)
        names = "decoder.input.z", "decoder.input.class"
        node, bias = layers.linear_to_map(from_z, self.model.decoder.map)
        self.builder.add(names[0], node, after)
        beside, _ = layers.linear_to_map(from_class, self.model.decoder.map)
        self.builder.add(names[1], beside, self._class())
        lif = layers.lif_box(layer.lif.cell, _shape(node), bias)
        return self.builder.add("decoder.input.lif", lif, names), _shape(node)

    def _spiking(
        self,
        name: str,
        node: nir.NIRNode,
        layer: SpikingLayer,
        after: str,
        bias: np.ndarray | float = 0.0,
    ) -> tuple[str, tuple[int, ...]]:
        shape = _shape(node)
        self.builder.add(name, node, after)
        lif = layers.lif_box(layer.lif.cell, shape, bias)
        return self.builder.add(f"{name}.lif", lif, name), shape


def _shape(node: nir.NIRNode) -> tuple[int, ...]:
    return tuple(int(n) for n in node.output_type["output"])


def _conv1x1(linear: Any, shape: tuple[int, ...]) -> nir.Conv2d:
    return layers.linear_as_conv(linear.weight, linear.bias, shape)
