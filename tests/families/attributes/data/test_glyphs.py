"""Glyphs: their classes, splits and drawings."""

from __future__ import annotations

import numpy as np

from snnvae.families.attributes.data import glyphs


def test_classes_are_fifty_sets_of_strokes() -> None:
    table = glyphs.table()
    assert table.shape == (50, 9)
    assert set(np.unique(table)) == {0, 1}
    assert len({row.tobytes() for row in table}) == 50
    assert set(table.sum(1)) == {2, 3, 4, 5, 6}


def test_each_split_leaves_out_ten_other_classes_and_no_stroke() -> None:
    chosen = [glyphs.unseen(split) for split in range(glyphs.SPLITS)]
    assert len({each.tobytes() for each in chosen}) == 5
    for each in chosen:
        assert len(set(each.tolist())) == 10
        seen = np.delete(glyphs.table(), each, axis=0)
        assert (seen.min(0) == 0).all()
        assert (seen.max(0) == 1).all()


def test_drawings_are_the_same_in_any_company() -> None:
    strokes = glyphs.table()[7]
    together = glyphs.draw(strokes, 7, range(5))
    assert together.shape == (5, 256)
    np.testing.assert_array_equal(glyphs.draw(strokes, 7, [3])[0], together[3])
    assert len({row.tobytes() for row in together}) == 5
    assert abs(together).max() <= 1


def test_a_stroke_lies_where_it_should() -> None:
    """Of many drawings of one stroke the middle of that stroke is bright, and no other's."""
    for place, ends in enumerate(glyphs.ENDS):
        strokes = np.zeros(glyphs.STROKES)
        strokes[place] = 1
        mean = glyphs.draw(strokes, 1, range(60)).mean(0).reshape(16, 16)
        (x0, y0), (x1, y1) = ends
        quarter = round(0.75 * y0 + 0.25 * y1), round(0.75 * x0 + 0.25 * x1)
        assert mean[quarter] > 0, place
        assert mean[0, 0] < -0.9
        assert (mean > 0).sum() < 40


def test_a_split_holds_all_drawings() -> None:
    found = glyphs.read(2)
    assert (len(found.train), len(found.test)) == (5000, 2000)
    assert found.train.label[:50].tolist() == list(range(50))
    assert found.unseen.tolist() == glyphs.unseen(2).tolist()
    assert set(found.seen) | set(found.unseen) == set(range(50))
    assert (found.test.of(found.unseen).label.reshape(-1, 10) == found.unseen).all()
    assert not (found.train.x[:50] == found.test.x[:50]).all(1).any()
