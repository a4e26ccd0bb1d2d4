"""What the tables may say of a user: pseudonyms, noise, erasure, sums under encryption."""
