import sys
from pathlib import Path

# importlib mode puts no folder on the path: the fakes beside the tests are imported from here.
sys.path.insert(0, str(Path(__file__).parent))
