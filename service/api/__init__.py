"""The HTTP interface: problems, limits, batching, schemas and routes."""
