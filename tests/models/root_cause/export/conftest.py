import sys
from pathlib import Path

# importlib mode puts no folder on the path: the fakes of the page are imported from beside it.
sys.path.insert(0, str(Path(__file__).parents[1] / "html"))
