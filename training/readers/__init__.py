"""Labelled verbatims from the files that people have: one module a format, one kind of row out.

:func:`training.readers.reading.read_labelled` reads and checks; the modules of the formats only
turn a file into :class:`training.readers.raw.RawRow`.
"""
