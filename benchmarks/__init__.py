"""Side-by-side measurements against peers; they print tables, write JSON and assert nothing."""
