"""How good a list is: metrics, baselines, intervals, and the gate that decides on them."""
