"""The errors of reading and writing tables.

Each message names the file and, where known, the row, line and column; none holds a part of a
verbatim.

::

    KlantstemError
    └── TableError            a table cannot be read or written
        ├── FormatError       an unknown format, or a file that breaks the rules of its own
        ├── EncodingError     bytes that are no text in the encoding
        ├── ColumnError       a column is missing, ambiguous or in the way
        ├── OutputError       the output cannot be made
        └── ResumeError       unfinished output belongs to another run
"""

from models.errors import KlantstemError


class TableError(KlantstemError):
    """A table cannot be read or written."""


class FormatError(TableError):
    """The format is unknown, or the file breaks its rules."""


class EncodingError(TableError):
    """Bytes that are no text in the encoding."""


class ColumnError(TableError):
    """A column is missing, ambiguous or in the way."""


class OutputError(TableError):
    """The output cannot be made; what was there before is untouched."""


class ResumeError(TableError):
    """Unfinished output belongs to another run, or another process is at work on it."""
