"""How it learns: from the tables at past cutoffs to a model, and what it is worth on days that it never saw."""
