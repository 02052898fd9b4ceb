"""What the interface takes and gives, one module per group of routes."""
