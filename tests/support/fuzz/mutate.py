"""Damage to files, seeded: bytes, numbers in texts, values inside HDF5, torch and NumPy files."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

Random = np.random.Generator
Mutation = Callable[[bytes, Random], bytes]

NUMBERS = (
    "0", "-1", "1", "2", "3.5", "nan", "inf", "-inf", "1e309", "1e308", "-1e300", "1e-320",
    "9" * 19, "9" * 40, "9" * 400, "-" + "9" * 30, "4294967296", "2147483648", "65536", "0x10",
    "1979-05-27", "true", '"x"', '""', "[]", "{}", "[[1]]", "[1, 2]", '["a"]', '"\\u001b[2J"',
)  # fmt: skip
WORDS = ("", "x", "..", "/dev/zero", "\x1b[2J", "é" * 300, "a\nb", "__class__", "node", "0", "-1")


def damaged(data: bytes, random: Random) -> bytes:
    """Some bytes changed, cut out, doubled, or the end missing."""
    out = bytearray(data)
    for _ in range(random.integers(1, 4)):
        if not out:
            break
        at = int(random.integers(len(out)))
        size = int(random.integers(1, min(64, len(out)) + 1))
        match random.integers(7):
            case 0:
                out[at] ^= 1 << int(random.integers(8))
            case 1:
                out[at : at + size] = random.bytes(size)
            case 2:
                out[at : at + 8] = bytes([int(random.choice([0, 127, 128, 255]))]) * 8
            case 3:
                del out[at : at + size]
            case 4:
                out[at:at] = out[at : at + size]
            case 5:
                del out[at:]
            case _:
                out[at : at + 4] = int(random.integers(1 << 32)).to_bytes(4, "little")
    return bytes(out)


def retold(data: bytes, random: Random) -> bytes:
    """A text with other numbers and words, lines twice or gone."""
    text = data.decode("utf8", "replace")
    for _ in range(random.integers(1, 3)):
        found = list(re.finditer(r"-?\d[\d.e+-]*|\"[^\"]*\"|\w+", text))
        lines = text.splitlines(keepends=True)
        if not found:
            break
        some = found[int(random.integers(len(found)))]
        match random.integers(7):
            case 6:
                deep = ".".join(["a"] * int(random.choice([3, 3000])))
                text += str(random.choice([f"\n{deep} = 1\n", f"\n[{deep}]\n"]))
            case 0 | 1 | 2:
                text = text[: some.start()] + str(random.choice(NUMBERS)) + text[some.end() :]
            case 3:
                text = text[: some.start()] + str(random.choice(WORDS)) + text[some.end() :]
            case 4:
                del lines[int(random.integers(len(lines)))]
                text = "".join(lines)
            case _:
                lines.insert(int(random.integers(len(lines))), str(random.choice(lines)))
                text = "".join(lines)
    return text.encode("utf8", "surrogateescape")


def hdf5_changed(data: bytes, random: Random) -> bytes:
    """Groups, arrays and attributes of an HDF5 file gone, or with other contents."""
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        for _ in range(random.integers(1, 3)):
            if not names:
                break
            name = names.pop(int(random.integers(len(names))))
            if name not in file:
                continue
            place: Any = file[name]
            keys = list(place.attrs)
            if keys and random.random() < 0.5:
                _write_attribute(place.attrs, keys[int(random.integers(len(keys)))], random)
            else:
                _replace(file, name, random)
    return buffer.getvalue()


def _write_attribute(attributes: Any, key: str, random: Random) -> None:
    del attributes[key]
    if random.random() < 0.8:
        value = _odd_value(random)
        attributes[key] = "[" if value is None else value


def _replace(file: h5py.File, name: str, random: Random) -> None:
    old = file[name]
    value = old[()] if isinstance(old, h5py.Dataset) else None
    del file[name]
    match random.integers(9):
        case 0:
            return
        case 1:
            file.create_group(name)
        case 2:
            file[name] = h5py.SoftLink("/")
        case 3:
            file[name] = h5py.ExternalLink("/dev/zero", "/")
        case 4:
            shape = (int(random.choice([1, 3, 1 << 20, 1 << 31, 1 << 45])),)
            file.create_dataset(name, shape=shape, chunks=(1024,), fillvalue=1, dtype="f8")
        case 5 if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "biuf":
            wild = value.astype(np.float64)
            worst = [np.nan, np.inf, -1, 0, 1e300, -1e300, 1e-310, 2**63, 0.5]
            wild.reshape(-1)[random.integers(wild.size)] = random.choice(worst)
            file[name] = wild
        case 6 if isinstance(value, np.ndarray) and value.ndim:
            file[name] = value[..., None] if random.random() < 0.5 else value.reshape(-1)[:-1]
        case _:
            value = _odd_value(random)
            file[name] = h5py.Empty("f8") if value is None else value


def _odd_value(random: Random) -> Any:
    odd: list[Any] = [
        -1, 0, 1, 2**62, 2**63, -(2**63), 1e300, -1e-310, np.nan, np.inf, "x", "", "é\n\x1b[2J",
        b"\xff\xfe", True, np.zeros(0), np.zeros((2, 3)), np.ones((1, 1, 1, 1)), np.arange(5),
        np.array([2**62, 2**62]), np.array([-1, -1]), np.array([0, 0]), np.float32(0.5),
        np.complex64(1), np.array([b"a", b"b"]), None,
        np.zeros(2, [("a", "i4"), ("b", "f8")]),
    ]  # fmt: skip
    return odd[int(random.integers(len(odd)))]


def torch_changed(data: bytes, random: Random) -> bytes:
    """A file of torch.save with some value inside of another kind."""
    import torch

    content = torch.load(io.BytesIO(data), weights_only=True)
    for _ in range(random.integers(1, 3)):
        content = _changed(content, random, torch)
    out = io.BytesIO()
    old = random.random() < 0.1
    torch.save(content, out, _use_new_zipfile_serialization=not old)
    return out.getvalue()


def _changed(value: Any, random: Random, torch: Any) -> Any:
    """The same with one thing in it replaced, removed or renamed."""
    deeper = isinstance(value, (dict, list, tuple)) and len(value) > 0 and random.random() < 0.9
    if not deeper:
        return _odd_thing(value, random, torch)
    if isinstance(value, dict):
        keys = list(value)
        key = keys[int(random.integers(len(keys)))]
        kept = dict(value)
        match random.integers(12):
            case 0:
                del kept[key]
            case 1:
                renamed = [0, None, "x", ("a", 1), 2.5, b"k"]
                kept[renamed[int(random.integers(len(renamed)))]] = kept.pop(key)
            case _:
                kept[key] = _changed(kept[key], random, torch)
        return kept
    items = list(value)
    at = int(random.integers(len(items)))
    items[at] = _changed(items[at], random, torch)
    return type(value)(items) if type(value) in (list, tuple) else items


def _odd_thing(value: Any, random: Random, torch: Any) -> Any:
    odd: list[Any] = [
        None, True, 0, -1, 1, 10**30, 2**31, 2**63, 1e308, float("nan"), float("inf"), 1e-320, "x",
        "é\n\x1b[2J", b"b", [], {}, (), [1, 2], [[1]], ["a"], {"a": 1}, {1: "a"}, 1 + 2j, {1, 2},
        torch.tensor(float("nan")), torch.zeros(3, dtype=torch.complex64), torch.zeros(0),
        torch.zeros(1).expand(1 << 31), torch.eye(2).to_sparse(), torch.float32, torch.zeros(2, 2),
        torch.zeros(4, dtype=torch.bfloat16), torch.ones(3, device="meta"), torch.Size([2]),
    ]  # fmt: skip
    if isinstance(value, torch.Tensor) and random.random() < 0.5:
        kinds = [torch.float64, torch.int8, torch.bool, torch.float16]
        forms: list[Callable[[], Any]] = [
            lambda: value.unsqueeze(0),
            lambda: value.reshape(-1)[:-1],
            lambda: value.to(kinds[int(random.integers(4))]),
            lambda: value.expand(1 << 20, *value.shape),
            lambda: value * float("inf"),
        ]
        return forms[int(random.integers(len(forms)))]()
    return odd[int(random.integers(len(odd)))]


def npy_retold(data: bytes, random: Random) -> bytes:
    """An array's header that says something else; the same for a member of an archive."""
    if data.startswith(b"PK"):
        return _archive_changed(data, random)
    end = data.index(b"\n") if b"\n" in data else len(data)
    header = retold(data[10:end], random) if end > 10 else b""
    if random.random() < 0.5:
        shapes = [
            "(2,)",
            "(-1, 4)",
            "(9999999999999, 4)",
            "(4611686018427387904, 4)",
            "()",
            "(0, 3)",
        ]
        header = re.sub(rb"\([^)]*\)", str(random.choice(shapes)).encode(), header)
    if random.random() < 0.3:
        kinds = ["<c16", "|O", "<U9", "|S3", "<f2", ">f8", "|V8", "<M8[s]", "<q9", "<f16", "|b1"]
        header = re.sub(rb"'descr': '[^']*'", f"'descr': '{random.choice(kinds)}'".encode(), header)
    header = header[: (1 << 16) - 2] + b"\n"
    return data[:8] + len(header).to_bytes(2, "little") + header + data[end + 1 :]


def _archive_changed(data: bytes, random: Random) -> bytes:
    out = io.BytesIO()
    methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if random.random() < 0.5:
                content = npy_retold(content, random)
            name = entry.filename if random.random() < 0.8 else str(random.choice(WORDS)) or "y"
            method = methods[int(random.integers(4))]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a name that is there twice
                new.writestr(name, content, compress_type=method)
    changed = out.getvalue()
    return damaged(changed, random) if random.random() < 0.5 else changed
