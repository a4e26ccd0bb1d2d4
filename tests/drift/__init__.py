"""Tests of how far a night is from the nights before it."""
