"""What is said about Lava, and how it is installed."""

from __future__ import annotations

import sys

from snnvae.commands.doctor import install_command
from snnvae.deploy.lava import doctor


def test_status_states_what_is_there():
    status = doctor.status()
    assert status.version == "0.10.0"
    assert status.importable
    assert status.problem is None
    assert not status.loihi2
    assert status.loihi2_host is None


def test_a_broken_lava_is_a_finding_not_a_failure(monkeypatch):
    def broken():
        raise SystemError("broken")

    monkeypatch.setattr("snnvae.deploy.lava.importing.require_lava", broken)
    status = doctor.status()
    assert not status.importable
    assert status.problem == "Lava does not import (SystemError: broken)"
    assert not status.loihi2


def test_pip_is_told_to_ignore_what_lava_asks_for():
    command = install_command()
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[4:6] == ["--ignore-requires-python", "--no-deps"]
    assert command[6:] == ["lava-nc==0.10.0", "asteval>=1"]
