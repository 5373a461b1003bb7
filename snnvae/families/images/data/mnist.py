"""MNIST and the two sets made to replace it: 28×28 greyscale images of ten classes, IDX files.

MNIST: LeCun, Cortes, Burges. Fashion-MNIST: Xiao, Rasul, Vollgraf, arXiv 1708.07747. KMNIST:
Clanuwat et al., arXiv 1812.01718.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import DataError
from snnvae.families.images.data.idx import read_idx
from snnvae.families.images.data.images import Images, Split
from snnvae.families.images.data.resize import resize
from snnvae.families.images.data.store import Remote, Store

SIDE = 28
CLASSES = 10
PUBLISHERS = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion-mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "kmnist": "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
}
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
MD5 = {
    "mnist": (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "fashion-mnist": (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
    "kmnist": (
        "bdb82020997e1d708af4cf47b453dcf7",
        "e144d726b3acfaa3e44228e80efcd344",
        "5c965bf0a639b31b8f53240b1b52f4d7",
        "7320c461ea6c1c855c0b718fb2a4b134",
    ),
}
"""Sums of the .gz files, in the order of FILES, as PyTorch's torchvision states them."""


def read(name: str, store: Store, side: int) -> Split:
    """The set of that name, resized to `side`. The files of all three are called the same.

    Raises DataError where a file is missing, damaged or does not fit its neighbour.
    """
    others = [other for other in PUBLISHERS if other != name]
    paths = [
        store.find(name, Remote(f"{PUBLISHERS[name]}{file}.gz", md5), (file, f"{file}.gz"), others)
        for file, md5 in zip(FILES, MD5[name])
    ]
    halves: list[tuple[Images, NDArray[np.int64]]] = []
    for images_path, labels_path in (paths[:2], paths[2:]):
        pixels, labels = read_idx(images_path, (SIDE, SIDE)), read_idx(labels_path, ())
        if len(labels) != len(pixels):
            raise DataError(
                f"{labels_path}: {len(labels):,} labels for the {len(pixels):,} images of "
                f"{images_path.name}; fetch both again"
            )
        if labels.max() >= CLASSES:
            raise DataError(f"{labels_path}: label {labels.max()} exceeds {CLASSES - 1}")
        halves.append((Images(resize(pixels[:, None], side)), labels.astype(np.int64)))
    (train, train_labels), (test, test_labels) = halves
    return Split(train, test, train_labels, test_labels)
