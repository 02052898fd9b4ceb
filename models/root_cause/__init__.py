"""From complaints to the causes behind them.

``RootCauseAnalyser`` does the whole of it; the modules beside it hold one step each, as functions
over arrays.
"""

from models.embedding import LanguageAlignment, estimate_alignment
from models.root_cause.analyser import RootCauseAnalyser
from models.root_cause.cluster_config import ClusterConfig
from models.root_cause.frames import Columns
from models.root_cause.model_io import RootCauseModel, load_model, save_model
from models.root_cause.placing import assign_complaints
from models.root_cause.report import RootCauseReport

__all__ = [
    "ClusterConfig",
    "Columns",
    "LanguageAlignment",
    "RootCauseAnalyser",
    "RootCauseModel",
    "RootCauseReport",
    "assign_complaints",
    "estimate_alignment",
    "load_model",
    "save_model",
]
