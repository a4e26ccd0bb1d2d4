"""LSIF: long- and short-term interests, fused into a ranked list for every user, every night."""

import os

# OpenMP's threads burn a core while they wait for each other; beside a busy process that is ten times the CPU of a
# training step. Here, since the library reads this once, when torch or scikit-learn load it, and every process of ours,
# started by whatever hand, imports a module of this package before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
