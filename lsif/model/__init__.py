"""What the model makes of it: torch modules from a batch of users to scores, without storage."""
