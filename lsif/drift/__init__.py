"""How far a night is from the nights before it: what the model reads and gives, counted and compared."""
