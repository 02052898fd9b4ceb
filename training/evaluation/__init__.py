"""How good a bundle is on labelled verbatims, for whom, and how surely."""
