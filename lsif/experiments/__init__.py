"""Experiments: which user gets which variant's lists, and what was decided of variants."""
