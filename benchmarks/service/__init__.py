"""Measurements of the HTTP service, each beside something to compare it with."""
