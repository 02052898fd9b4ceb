"""What operators see: logs, metrics and traces. None of them holds a text of a verbatim."""
