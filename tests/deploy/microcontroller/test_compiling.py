"""A compiler is run with nothing to read, and is not waited for because of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from snnvae.deploy.microcontroller.compiling import compiled, program_in
from snnvae.errors import BackendError


def test_a_compiler_reads_no_terminal(tmp_path: Path) -> None:
    ours, given = os.pipe()
    kept = os.dup(0)
    os.dup2(ours, 0)
    try:
        os.write(given, b"typed")
        os.close(given)
        compiled(tmp_path, ("sh", "-c", "cat > net"), (), str.isspace)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(ours)
    assert program_in(tmp_path, ("sh",)).read_text() == ""


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    says = ("sh", "-c", "echo one >&2; echo two >&2; echo three >&2; exit 1")
    with pytest.raises(BackendError, match=r"network: two$"):
        compiled(tmp_path, says, (), lambda line: line == "two")
    with pytest.raises(BackendError, match=r"network: three$"):
        compiled(tmp_path, says, (), lambda line: False)
    with pytest.raises(BackendError, match="sh ended well, but made no program"):
        program_in(tmp_path, ("sh",))
