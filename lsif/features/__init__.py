"""What is known on a date, in numbers: histories, windows, groups, items and factors, in numpy and Arrow.

Letters in shapes, here, in `lsif.model` and in `docs/model.md`: `U` users, `V` items, `B` users of a batch, `L` history
rows of a user, `S` events of a window, `D` width, `F` features of a history row, `P` of a user, `Q` of an item, `T` of
a text vector.
"""
