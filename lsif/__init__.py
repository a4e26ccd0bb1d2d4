"""LSIF: long- and short-term interests, fused into a ranked list for every user, every night."""
