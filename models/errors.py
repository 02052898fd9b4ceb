"""The errors of the model runtime.

::

    KlantstemError
    ├── BundleError      a bundle is missing, altered or made for another version
    ├── EncoderError     an encoder cannot be loaded
    └── TaxonomyError    a taxonomy file breaks its rules
"""


class KlantstemError(Exception):
    """Base of all errors that this project raises on purpose."""


class BundleError(KlantstemError):
    """A bundle is missing, altered or made for another version."""


class EncoderError(KlantstemError):
    """An encoder cannot be loaded."""


class TaxonomyError(KlantstemError):
    """A taxonomy file breaks its rules."""
