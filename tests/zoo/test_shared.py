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


def test_a_broken_place_hides_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "zoo.json").write_text("{")
    monkeypatch.setenv("SNNVAE_ZOO", f"{broken} {tmp_path / 'none'} https://[ {folder}")
    listed = snnvae("zoo")
    assert listed.code == 0
    for name in ("digits-esvae", "A chain of eight"):
        assert name in listed.out
    assert [line.partition(":")[0] for line in listed.err.splitlines()] == ["left out"] * 3
    assert f"left out: {broken / 'zoo.json'}: not the index of a zoo (" in listed.err
    assert f"left out: {tmp_path / 'none'}: no such folder" in listed.err
    assert json.loads(snnvae("zoo", "--json").out)["chain"] == str(folder)
    assert snnvae("zoo", "chain").out.strip() == str(folder / "chain.nir")
    assert snnvae("zoo", "digits-esvae").out.strip() == str(zoo.path("digits-esvae"))
    said = snnvae("zoo", "digits").err.splitlines()[-1]
    assert "or the package: there is asia-ear, digits-esvae," in said
    assert said.endswith(", chain")
    assert "not the index" in snnvae("zoo", "--from", broken, "--from", folder).mistake


def test_names_with_blanks(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = folder.rename(tmp_path / "their  own models")
    for row in (str(theirs), f" {tmp_path / 'a'}\t{theirs}  {PLACE} ", f"{theirs} {tmp_path}"):
        monkeypatch.setenv("SNNVAE_ZOO", row)
        assert str(theirs) in shared.places()
    assert shared.places() == (str(theirs), str(tmp_path))
    assert snnvae("zoo", "chain").out.strip() == str(theirs / "chain.nir")
    monkeypatch.setenv("SNNVAE_ZOO", " ")
    assert shared.places() == ()
    (theirs / "zoo.json").unlink()
    assert f"`snnvae zoo --publish '{theirs}'` writes it" in snnvae("zoo", "--from", theirs).mistake


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", ""), "'' is no place of models: give a folder or an https address"),
        (("--from", "card.md"), "card.md: a file; give a folder that holds a zoo.json"),
        (("--from", "none"), "none: no such folder; give a folder that holds a zoo.json"),
        (("--from", "n" * 5000), "no such folder; give a folder that holds a zoo.json"),
        (("--publish", "card.md"), "card.md: a file; name a folder that holds models"),
        (("--publish", "none"), "none: no such folder; name a folder that holds models"),
    ],
)
def test_what_is_no_place(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("card.md").write_text("# A card")
    assert said in snnvae("zoo", *arguments).mistake


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


def test_a_place_may_be_its_index_and_an_address_have_a_query(
    folder: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = snnvae("zoo", "chain", "--from", folder / "zoo.json").out.strip()
    assert found == str(folder / "chain.nir")
    asked = list[str]()

    def opened(url: str) -> Any:
        asked.append(url)
        return web(url.partition("?")[0])

    monkeypatch.setattr(shared, "_open", opened)
    for place in (f"{PLACE}/?key=a/b#top", f"{PLACE}/zoo.json?key=a/b"):
        snnvae("zoo", "chain", "--card", "--from", place)
    assert asked[:2] == [f"{PLACE}/zoo.json?key=a/b", f"{PLACE}/chain.md?key=a/b"]
    assert asked[2] == asked[0]


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
        ({"models": [{"name": "x"}]}, "not the index of a zoo (it lacks 'files')"),
        ({"models": [3]}, "not the index of a zoo (of another form)"),
        ({"format": "f" * 999}, "has format 'fffffffffffffffffff…ffffffffffffffffff', this"),
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
