"""The routes, one module per group, each with ``router``."""
