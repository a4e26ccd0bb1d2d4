"""The one path from a model, histories and windows to lists of recommendations."""
