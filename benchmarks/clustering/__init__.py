"""Clusters beside those of peers: quality, languages, time and memory."""
