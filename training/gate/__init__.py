"""Whether a new bundle may take the place of the one that serves."""
