"""Labels and targets that fit a network, and the line that each of the others gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_classifier import INPUTS, STEPS, classifier, samples

from snnvae.errors import ConfigError, DataError
from snnvae.inputs.labelled import MOST_CLASSES, Labelled, labelled
from snnvae.inputs.pairs import Pairs

X, Y = samples(6), np.array([0, 1, 2, 3, 0, 1])


def found(
    nets: Any, x: Any = X, y: Any = Y, *, regression: bool = False, steps: int | None = None,
    outputs: int = 4, **how: Any,
) -> Labelled:  # fmt: skip
    program = nets.compiled(classifier(nets, spiking=True), steps=steps)
    pairs = Pairs({"in": np.asarray(x)}, np.asarray(y), ("x.npy", "y.npy"), regression)
    return labelled(pairs, program, outputs, **how)


@pytest.mark.parametrize("kind", [np.int8, np.uint64, np.int64])
def test_whole_numbers_are_the_outputs(nets: Any, kind: type) -> None:
    good = found(nets, y=Y.astype(kind))
    assert good.answers.dtype == np.int64
    np.testing.assert_array_equal(good.answers, Y)
    assert (good.classes, good.steps, len(good)) == (("0", "1", "2", "3"), STEPS, 6)
    np.testing.assert_array_equal(good.take(range(2, 4))["in"], X[2:4])


def test_the_first_samples(nets: Any) -> None:
    good = found(nets, samples=4)
    assert good.answers.tolist() == [0, 1, 2, 3]
    assert good.data["in"].shape == (4, STEPS, INPUTS)


@pytest.mark.parametrize("kind", ["U", "S"])
def test_names_are_sorted_unless_their_order_is_said(nets: Any, kind: str) -> None:
    names = np.array(["cat", "ant", "dog", "bee", "cat", "ant"]).astype(kind)
    good = found(nets, y=names)
    assert good.classes == ("ant", "bee", "cat", "dog")
    assert good.answers.tolist() == [2, 0, 3, 1, 2, 0]
    said = found(nets, y=names, class_names=("dog", "cat", "bee", "ant"))
    assert said.classes == ("dog", "cat", "bee", "ant")
    assert said.answers.tolist() == [1, 3, 0, 2, 1, 3]
    with pytest.raises(DataError, match="sample 1 is 'ant', which is none of `class_names`"):
        found(nets, y=names, class_names=("dog", "cat", "bee", "cow"))


def test_a_value_per_sample_is_given_at_every_step(nets: Any) -> None:
    static = X[:, 0]
    good = found(nets, x=static, steps=5)
    assert good.steps == 5
    for t in range(5):
        np.testing.assert_array_equal(good.data["in"][:, t], static)
    with pytest.raises(ConfigError, match=r"x.npy: input 'in' is one value per sample, .*`steps`"):
        found(nets, x=static)


def test_one_sample_may_come_without_its_axis(nets: Any) -> None:
    good = found(nets, x=X[0], y=Y[:1])
    assert good.data["in"].shape == (1, STEPS, INPUTS)


def test_targets_are_one_per_output(nets: Any) -> None:
    targets = np.random.default_rng(0).normal(size=(6, 4))
    good = found(nets, y=targets.reshape(6, 2, 2), regression=True)
    np.testing.assert_array_equal(good.answers, targets)
    assert good.regression
    single = found(nets, y=np.arange(6), regression=True, outputs=1)
    assert single.answers.shape == (6, 1)


NAN = np.zeros((6, 4))
NAN[3, 1] = np.nan
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "beyond": ({"y": [0, 1, 4, 0, 0, 0]}, "y.npy: label 4 of sample 2, but the network has 4"),
    "negative": ({"y": [0, -1, 4, 0, 0, 0]}, "y.npy: label -1 of sample 1"),
    "huge": ({"y": np.full(6, 2**64 - 1, np.uint64)}, "label 18446744073709551615 of sample 0"),
    "real": ({"y": Y.astype(float)}, "labels of float64; save whole numbers or names, or give"),
    "one-hot": ({"y": np.eye(4, dtype=int)[Y]}, r"one-hot; save y.argmax\(1\)"),
    "column": ({"y": Y[:, None]}, r"labels of shape \(6, 1\); save one per sample"),
    "fewer": ({"y": Y[:4]}, "y.npy: 4 answers for 6 samples of x.npy; give one for each"),
    "scalar": ({"y": 1}, r"y.npy: one value, of shape \(\); save one per sample"),
    "few names": ({"y": ["a", "b"] * 3}, "2 different names for 4 outputs; say which"),
    "no text": ({"y": np.array([b"\xff"] * 6)}, "labels that are no text"),
    "complex": ({"y": Y.astype(complex)}, "labels of complex128"),
    "too many": ({"outputs": MOST_CLASSES + 1}, "at most 2,000 classes"),
    "more": ({"samples": 7}, "`samples` 7: x.npy holds 6; ask for no more"),
    "not finite": ({"y": NAN, "regression": True}, "target of sample 3 is not finite"),
    "words": ({"y": ["a"] * 6, "regression": True}, "targets of <U1; save numbers"),
    "flat": ({"y": Y, "regression": True}, r"targets of shape \(6,\); save \(samples, 4\)"),
    "shape": ({"x": X[:, :, :3]}, r"x.npy: data for input 'in' has shape \(6, 14, 3\)"),
    "no numbers": ({"x": X.astype(str)}, "x.npy: data for input 'in' is of text"),
    "x not finite": ({"x": np.full(X.shape, np.nan)}, "x.npy: .*not finite; mend them"),
}


@pytest.mark.parametrize(("how", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_one_line(nets: Any, how: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as said:
        found(nets, **how)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "a", "c")])
def test_names_are_one_per_output(nets: Any, names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="different ones for 4 outputs; give one for each"):
        found(nets, class_names=names)


def test_targets_have_no_names(nets: Any) -> None:
    with pytest.raises(ConfigError, match="`class_names` are for labels"):
        found(nets, y=np.zeros((6, 4)), regression=True, class_names=tuple("abcd"))


def test_an_input_that_is_not_there_is_named(nets: Any) -> None:
    program = nets.compiled(classifier(nets, spiking=True))
    with pytest.raises(DataError, match="data for input 'x', but the inputs are 'in'"):
        labelled(Pairs({"x": X}, Y, ("x.npy", "y.npy"), False), program, 4)
    with pytest.raises(DataError, match="holds no data for input 'in'"):
        labelled(Pairs({}, Y[:0], ("x.npy", "y.npy"), False), program, 4)
