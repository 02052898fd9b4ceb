"""Text steps before the encoder: normalise, redact, detect the language, segment."""
