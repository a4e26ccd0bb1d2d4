"""LSIF beside its peers on real logs: one split, one set of users, one truth, every track and metric."""
