"""Measurements of the training package beside its peers."""
