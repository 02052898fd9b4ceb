"""The report as one self-contained HTML page, in Dutch or in English."""

from models.root_cause.html.facts import VerbatimFacts, facts_from_table
from models.root_cause.html.render import render_html

__all__ = ["VerbatimFacts", "facts_from_table", "render_html"]
