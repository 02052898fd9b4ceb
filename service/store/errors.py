"""The errors of the store.

::

    KlantstemError
    └── StoreError                   the database cannot be used as it is set up
        └── StoreUnavailableError    the database does not answer now; trying again may help
"""

from __future__ import annotations

from models.errors import KlantstemError


class StoreError(KlantstemError):
    """The database cannot be used as it is set up; the message names what to change."""


class StoreUnavailableError(StoreError):
    """The database does not answer, or is locked for too long; trying again may help."""
