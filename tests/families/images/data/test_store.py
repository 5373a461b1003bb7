"""What is missing is fetched once from its publisher, and checked; here a server in a thread."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from image_sets import Stages, write_mnist

from snnvae.errors import DataError
from snnvae.families.images import data
from snnvae.families.images.data import mnist
from snnvae.families.images.data.store import Remote, Store, fetch

CONTENT = bytes(range(256)) * 1000


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that offers the folder `offered`."""
    (tmp_path / "offered").mkdir()
    handler = partial(Handler, directory=str(tmp_path / "offered"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def test_a_download_is_kept_shown_and_silent(
    server: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "offered" / "x.bin").write_bytes(CONTENT)
    stages, remote = Stages(), Remote(f"{server}x.bin", md5(CONTENT))
    path = Store(tmp_path / "mine", progress=stages).find("set", remote, ["x.bin"])
    assert path == tmp_path / "mine" / "set" / "x.bin"
    assert path.read_bytes() == CONTENT
    assert stages.seen == [["download x.bin", len(CONTENT), len(CONTENT), True]]
    assert capfd.readouterr() == ("", "")


def test_what_is_there_is_not_fetched_again(server: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "x.bin"
    mine.parent.mkdir()
    mine.write_bytes(b"other bytes, packed anew")
    remote = Remote(f"{server}x.bin", md5(CONTENT))
    assert Store(tmp_path / "mine").find("set", remote, ["x.bin"]) == mine


def test_a_wrong_sum_is_refused_and_nothing_is_kept(server: str, tmp_path: Path) -> None:
    (tmp_path / "offered" / "x.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match=r"x\.bin is not the file that was published"):
        fetch(Remote(f"{server}x.bin", md5(CONTENT)), tmp_path / "mine", Stages())
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_failed_download_says_what_to_do_by_hand(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        fetch(Remote(f"{server}none.bin", md5(CONTENT)), tmp_path / "mine", Stages())
    message = str(caught.value)
    assert message.startswith(f"cannot download {server}none.bin (404")
    assert f"fetch it by hand and put it into {tmp_path / 'mine'}" in message
    assert "\n" not in message


def test_so_does_one_without_a_network(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot download http://127\.0\.0\.1:1/x"):
        fetch(Remote("http://127.0.0.1:1/x", md5(CONTENT)), tmp_path, Stages())


def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot download"):
        fetch(Remote(f"{server}x.bin", md5(CONTENT)), tmp_path / "file" / "sub", Stages())


def test_a_whole_set_is_fetched_into_its_folder_and_needs_no_network_then(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = write_mnist(tmp_path / "offered")
    sums = [md5((tmp_path / "offered" / f"{name}.gz").read_bytes()) for name in mnist.FILES]
    monkeypatch.setitem(mnist.PUBLISHERS, "kmnist", server)
    monkeypatch.setitem(mnist.MD5, "kmnist", tuple(sums))
    mine = tmp_path / "mine"
    for download in (True, False):
        split = data.load("kmnist", data_dir=mine, download=download)
        np.testing.assert_array_equal(split.test_labels, held["t10k-labels-idx1-ubyte"])
    assert sorted(p.name for p in (mine / "kmnist").iterdir()) == sorted(
        f"{name}.gz" for name in mnist.FILES
    )
