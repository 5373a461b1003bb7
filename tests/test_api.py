"""The public face: its names, their docstrings' examples, and how values show themselves."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnvae as sv

ROOT = Path(__file__).parents[1]


def test_what_the_table_says_is_what_type_checkers_see() -> None:
    """The lazy names and the stub's imports are one list."""
    tree = ast.parse((ROOT / "snnvae" / "__init__.pyi").read_text())
    seen = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = {
        name: home if ":" in home else f"{home}:{name}" for name, home in vars(sv)["_HOMES"].items()
    }
    assert seen == homes
    assert set(sv.__all__) == set(seen)
    assert set(dir(sv)) == {*sv.__all__, "__version__"}


def test_an_unknown_name_is_none_of_ours() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        sv.nonsense  # noqa: B018


def test_importing_us_imports_nothing_heavy() -> None:
    look = "import sys, snnvae; print(*(m for m in sys.modules if m.startswith('snnvae')), "
    look += "*({'numpy', 'nir', 'h5py', 'click', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["snnvae"]


@pytest.mark.parametrize("name", ["", *sv.__all__])
def test_its_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every public name has a docstring with an example, which gives what it says."""
    monkeypatch.chdir(tmp_path)
    found = sv if not name else getattr(sv, name)
    text = inspect.getdoc(found) or ""
    example = doctest.DocTestParser().get_doctest(text, {}, name or "snnvae", None, 0)
    assert example.examples, f"{name} has no example"
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Norse's and Lava's own, at their import
        result = doctest.DocTestRunner(optionflags=options).run(example, out=said.append)
    assert result.failed == 0, "".join(said)


def test_the_page_lists_the_names() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)", page, flags=re.MULTILINE))
    assert listed == set(sv.__all__)
    assert "docs/api.md" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_the_code_of_a_page_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    exec(code, {})


@pytest.fixture(scope="module")
def ran() -> tuple[Any, Any, Any]:
    program = sv.compile(sv.read(sv.zoo.path("digits-esvae")), "fixed")
    stimulus = sv.make_stimulus(program, samples=3)
    return program, stimulus, sv.run(program, stimulus)


def test_columns_are_lists_of_one_length(ran: tuple[Any, Any, Any]) -> None:
    program, stimulus, recording = ran
    counts, report = sv.count(program, recording), sv.price(program, recording)
    for value in (program, stimulus, recording, counts, report):
        columns = value.columns()
        assert len({len(column) for column in columns.values()}) == 1
        assert all(column for column in columns.values())
        page = value._repr_html_()
        assert page.startswith("<table><caption>&lt;")
        assert page.count("<th>") == len(columns)
        assert repr(value).startswith(f"<{type(value).__name__}: ")
        assert len(repr(value)) < 200
    spikes = sum(int(s.sum()) for s in recording.spikes.values())
    assert sum(recording.columns()["spikes"]) == spikes
    assert sum(counts.columns()["synaptic_operations"]) == counts.total("sop").sum()
    bill = report.columns()
    lines = zip(bill["network"], bill["energy_nominal_pj"])
    ours = sum(energy for network, energy in lines if network == "spiking")
    assert ours == pytest.approx(report.total.nominal)


def test_events_are_the_spikes(ran: tuple[Any, Any, Any]) -> None:
    program, stimulus, _ = ran
    recording = sv.run(program, stimulus.select(slice(1, 3)))
    events = recording.events()
    assert set(events["sample"]) == {1, 2}
    for name, spikes in recording.spikes.items():
        mine = events["population"] == name
        again = np.zeros_like(spikes).reshape(*spikes.shape[:2], -1)
        again[events["sample"][mine] - 1, events["step"][mine], events["neuron"][mine]] = True
        np.testing.assert_array_equal(again.reshape(spikes.shape), spikes)


def test_a_stimulus_of_arrays_or_indices_is_that_of_its_samples(ran: tuple[Any, Any, Any]) -> None:
    program, stimulus, recording = ran
    one = sv.make_stimulus(program, samples=[2])
    np.testing.assert_array_equal(one.streams["z"][0], stimulus.streams["z"][2])
    given = sv.make_stimulus(program, stimulus.streams["z"])
    again = sv.make_stimulus(program, dict(stimulus.streams))
    for other in (given, again):
        assert other.samples == (0, 1, 2)
        spikes = sv.run(program, other, "reference").spikes
        for name, mine in recording.spikes.items():
            np.testing.assert_array_equal(spikes[name], mine)


def test_one_array_for_several_inputs_is_asked_by_name(nets: Any) -> None:
    nodes = {
        "a": nets.source(2),
        "b": nets.source(2),
        "lif": nets.lif(2),
        "out": nets.sink(2),
    }
    program = sv.compile(nets.graph(nodes, "a lif out", "b lif"))
    with pytest.raises(sv.SnnvaeError, match="one array, but the inputs are 'a', 'b'; give"):
        sv.make_stimulus(program, np.zeros((1, 4, 2)))
    assert sv.random_spikes(program, samples=2, rate=1.0).streams["b"].all()
    assert not sv.random_spikes(program, rate=0.0).streams["a"].any()


def test_lava_is_short_for_its_batched_mode(nets: Any) -> None:
    program = nets.compiled(nets.small())
    with pytest.raises(sv.SnnvaeError, match="no backend 'spinnaker': choose from emulator"):
        sv.run(program, nets.spikes(program), "spinnaker")  # type: ignore[arg-type]
