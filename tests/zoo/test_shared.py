"""Models from a folder or an address: found, fetched, checked; nothing else is used."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import snnvae

from snnvae import zoo
from snnvae.errors import ConfigError, DataError
from snnvae.files import sha256_of
from snnvae.zoo import shared

PLACE = "https://models.example/zoo"
INDEX_OF_BYTES = json.dumps(
    {
        "format": 1,
        "models": [
            {
                "name": "chain",
                "files": {
                    "chain.md": {"sha256": hashlib.sha256(b"# \xff").hexdigest(), "bytes": 3}
                },
            }
        ],
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Somebody's models: one, with its card."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shutil.copy(zoo.path("ising-chain8"), theirs / "chain.nir")
    (theirs / "chain.md").write_text("# A chain of eight\n\nTrained by somebody.\n")
    (theirs / "notes.txt").write_text("not shared")
    shared.publish(theirs)
    return theirs


def test_a_folder_becomes_a_zoo(folder: Path) -> None:
    (model,) = shared.models(str(folder))
    assert (model.name, model.about) == ("chain", "A chain of eight")
    assert set(model.files) == {".nir", ".md"}
    assert shared.fetch(model, ".nir") == folder / "chain.nir"
    with pytest.raises(ConfigError, match=r"chain has no \.pt in .*: \.md, \.nir"):
        shared.fetch(model, ".pt")


def test_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert snnvae("zoo", "chain", "--from", folder).out.strip() == str(folder / "chain.nir")
    assert "Trained by somebody" in snnvae("zoo", "chain", "--from", folder, "--card").out
    shutil.copy(zoo.path("ising-chain8", ".pt"), folder / "chain.pt")
    shared.publish(folder)
    told = json.loads(snnvae("zoo", "--from", folder, "--json").out)
    assert told == {"chain": str(folder), "chain.pt": str(folder)}
    listed = snnvae("zoo", "--from", folder).out
    assert "chain" in listed
    assert "digits-esvae" not in listed
    monkeypatch.setenv("SNNVAE_ZOO", str(folder))
    assert "A chain of eight" in snnvae("zoo").out
    assert snnvae("zoo", "chain").out.strip() == str(folder / "chain.nir")
    assert snnvae("zoo", "digits-esvae").out.strip() == str(zoo.path("digits-esvae"))


def test_mistakes(folder: Path, tmp_path: Path) -> None:
    assert "no address, and no folder" in snnvae("zoo", "--from", "https://[").mistake
    (folder / "chain.md").write_bytes(b"# \xff")
    assert "not UTF-8 text" in snnvae("zoo", "--publish", folder).mistake
    (folder / "zoo.json").write_text(INDEX_OF_BYTES)
    assert "not UTF-8 text" in snnvae("zoo", "chain", "--card", "--from", folder).mistake
    (folder / "chain.md").write_text("# A chain\n")
    shared.publish(folder)
    assert "no model 'cha' in" in snnvae("zoo", "cha", "--from", folder).mistake
    assert "snnvae zoo --publish" in snnvae("zoo", "--from", tmp_path).mistake
    assert "holds no .nir and no .pt" in snnvae("zoo", "--publish", tmp_path).mistake
    assert "a folder or an https address" in snnvae("zoo", "--from", "http://a.example").mistake
    assert "leave out the rest" in snnvae("zoo", "a", "--publish", folder).mistake
    (folder / "chain.nir").write_bytes(b"other")
    assert "it is damaged, or another file" in snnvae("zoo", "chain", "--from", folder).mistake
    (folder / "a name.nir").write_bytes(b"")
    assert "'a name' is no name" in snnvae("zoo", "--publish", folder).mistake


class Web:
    """Files that an address gives, and how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, list[str]()

    def __call__(self, url: str) -> Any:
        self.asked.append(url)
        assert url.startswith(f"{PLACE}/")
        return io.BytesIO((self.folder / url.removeprefix(f"{PLACE}/")).read_bytes())


@pytest.fixture
def web(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Web:
    found = Web(folder)
    monkeypatch.setattr(shared, "_open", found)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return found


def test_what_an_address_gives_is_kept(web: Web, folder: Path, tmp_path: Path) -> None:
    first = Path(snnvae("zoo", "chain", "--from", PLACE).out.strip())
    assert first.is_relative_to(tmp_path / "cache")
    assert first.read_bytes() == (folder / "chain.nir").read_bytes()
    again = snnvae("zoo", "chain", "--from", PLACE).out.strip()
    assert again == str(first)
    assert [url.rpartition("/")[2] for url in web.asked] == ["zoo.json", "chain.nir", "zoo.json"]
    first.write_bytes(b"damaged since")
    snnvae("zoo", "chain", "--from", PLACE)
    assert sha256_of(first) == sha256_of(folder / "chain.nir")


def test_what_has_another_checksum_is_not_kept(web: Web, folder: Path, tmp_path: Path) -> None:
    data = bytearray((folder / "chain.nir").read_bytes())
    data[-1] ^= 1
    (folder / "chain.nir").write_bytes(data)
    assert "not" in snnvae("zoo", "chain", "--from", PLACE).mistake
    (folder / "chain.nir").write_bytes(bytes(data) + b"more")
    assert "gives more than the" in snnvae("zoo", "chain", "--from", PLACE).mistake
    assert not list((tmp_path / "cache").rglob("*.nir"))
    (folder / "chain.nir").unlink()
    assert (
        "cannot fetch https://models.example/zoo/chain.nir"
        in snnvae("zoo", "chain", "--from", PLACE).mistake
    )


def test_redirections_away_from_https_are_refused() -> None:
    handler = shared._HttpsOnly()
    with pytest.raises(OSError, match="leads away from https"):
        handler.redirect_request(None, None, 302, "", {}, "http://a.example/zoo.json")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ({"format": 2}, "has format 2, this snnvae reads 1"),
        ({"models": 3}, "not the index of a zoo"),
        ({"models": [{"name": "../x", "files": {}}]}, "'../x' is no name of a model"),
        ({"models": [{"name": "x", "files": {"../../x.nir": {"sha256": "0" * 64, "bytes": 1}}}]},
         "is no file of x"),
        ({"models": [{"name": "x", "files": {"x.exe": {"sha256": "0" * 64, "bytes": 1}}}]},
         "is no file of x"),
        ({"models": [{"name": "x", "files": {"x.nir": {"sha256": "0" * 64, "bytes": 1 << 40}}}]},
         "is no file of x"),
        ({"models": [{"name": "x", "files": {"x.nir": {"sha256": "0" * 64, "bytes": True}}}]},
         "is no file of x"),
        ({"models": [{"name": "x", "files": {"x.nir": {"sha256": "short", "bytes": 1}}}]},
         "x.nir has no SHA-256"),
        ({"models": [{"name": "x"}]}, "not the index of a zoo"),
    ],
)  # fmt: skip
def test_a_hostile_index_is_refused_in_one_line(
    tmp_path: Path, harm: dict[str, Any], said: str
) -> None:
    (tmp_path / "zoo.json").write_text(json.dumps({"format": 1, "models": [], **harm}))
    with pytest.raises(DataError) as error:
        shared.models(str(tmp_path))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
