"""Without a Loihi 2, `--target loihi2` says so in one line."""

from __future__ import annotations

import pytest

from snnvae.deploy import lava
from snnvae.deploy.lava import loihi2
from snnvae.errors import BackendError, ConfigError, UnsupportedError


def test_no_hardware_is_one_line(make_program, make_stimulus):
    program = make_program("analog")
    with pytest.raises(BackendError, match=r"^no Loihi 2: .*; use --target cpu") as caught:
        lava.run(program, make_stimulus(program), mode="stock", target="loihi2")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("precision", "mode", "remedy"),
    [("float", "stock", "--precision fixed"), ("fixed", "batched", "--mode stock")],
)
def test_what_no_loihi_can_run(precision, mode, remedy, make_program, make_stimulus):
    program = make_program("analog", precision)
    with pytest.raises(ConfigError, match=remedy):
        lava.run(program, make_stimulus(program), mode=mode, target="loihi2")


def test_a_loop_would_need_a_cpu(make_program, make_stimulus):
    program = make_program("looped", "fixed")
    with pytest.raises(UnsupportedError, match=r"^the loop of .* --part decoder"):
        lava.run(program, make_stimulus(program), mode="stock", target="loihi2")


def test_hardware_without_a_host(monkeypatch):
    monkeypatch.setattr(loihi2, "is_installed", lambda: True)
    with pytest.raises(BackendError, match=r"^no Loihi 2: no host is set"):
        loihi2.require_hardware()


def test_hardware_with_a_host(monkeypatch):
    monkeypatch.setattr(loihi2, "is_installed", lambda: True)
    monkeypatch.setattr(loihi2, "host", lambda: "ETHERNET")
    loihi2.require_hardware()


def test_the_stock_graph_meets_lavas_hardware_configuration(
    make_program, make_stimulus, monkeypatch
):
    """Past the check, Lava itself misses Intel's closed packages; that is one line, too."""
    monkeypatch.setattr(loihi2, "require_hardware", lambda: None)
    program = make_program("analog")
    with pytest.raises(BackendError, match=r"^no Loihi 2: Lava lacks its hardware packages"):
        lava.run(program, make_stimulus(program), mode="stock", target="loihi2")
