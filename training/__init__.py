"""From labelled verbatims to a bundle: corpus, fitting, calibration, evaluation, export."""
