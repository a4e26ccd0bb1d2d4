"""Lists that stand beside an item: what is like it, and what is taken together with it. No model makes them."""
