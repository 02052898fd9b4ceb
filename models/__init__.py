"""Read customer verbatims: topic, sentiment and the department that owns the cause.

Start at :func:`models.bundle.load_bundle`, which gives a :class:`models.classifier.Classifier`.
Importing this package loads nothing.
"""
