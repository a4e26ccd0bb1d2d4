"""Items that belong together: by category, and by category and text."""

import numpy as np

from lsif.features.groups import item_groups


def test_a_kind_is_one_category_and_one_text() -> None:
    text = np.array([[1, 0], [1, 0], [0, 1], [1, 0], [0, 1]], np.float32)
    category, kind = item_groups(np.array([1, 1, 1, 2, 2]), text).of.T
    assert category.tolist() == [1, 1, 1, 2, 2]
    assert kind[0] == kind[1]
    assert len(set(kind.tolist())) == 4
    assert min(kind) > max(category)


def test_texts_that_differ_in_one_number_are_two_kinds() -> None:
    text = np.random.default_rng(0).standard_normal((1000, 8)).astype(np.float32)
    text[500:] = text[:500]
    text[500:, 3] += np.float32(1e-6)
    assert len(set(item_groups(np.zeros(1000, np.int64), text).of[:, 1].tolist())) == 1000
