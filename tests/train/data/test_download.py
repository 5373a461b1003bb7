"""Downloads: checked by their sum, whole or absent."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from snnvae.errors import DataError
from snnvae.progress import NoProgress
from snnvae.train.data.store import Remote, Store, fetch

CONTENT = bytes(range(256)) * 1000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "file.gz").write_bytes(CONTENT)
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served")))
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    http.server_close()
    thread.join()


def test_a_file_with_the_right_sum_is_kept_and_found_again(server: str, tmp_path: Path) -> None:
    remote = Remote(f"{server}/file.gz", hashlib.md5(CONTENT).hexdigest())
    path = fetch(remote, tmp_path / "data" / "mnist", NoProgress())
    assert path.read_bytes() == CONTENT
    assert Store(tmp_path / "data", download=False).find("mnist", remote, ["file.gz"]) == path


def test_a_file_with_another_sum_is_refused_and_not_kept(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not the file that was published"):
        fetch(Remote(f"{server}/file.gz", "0" * 32), tmp_path / "data", NoProgress())
    assert not (tmp_path / "data" / "file.gz").exists()


def test_a_failed_download_says_what_to_do_by_hand(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot download .*none\.gz .*fetch it by hand"):
        fetch(Remote(f"{server}/none.gz", "0" * 32), tmp_path / "data", NoProgress())
