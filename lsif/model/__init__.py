"""The fusion model in torch and numpy, without storage: what is known on a date goes in, scores come out.

Letters in shapes, here and in `docs/model.md`: `U` users, `V` items, `B` users of a batch, `L` history rows of a user,
`S` events of a window, `D` width, `F` features of a history row, `P` of a user, `Q` of an item, `T` of a text vector.
"""
