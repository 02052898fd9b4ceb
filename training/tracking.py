"""Where the settings, figures and files of a run are recorded.

Every run folder holds ``params.json``, ``metrics.jsonl`` (one line per record: step, time, figures)
and ``artefacts.json``. Where MLflow is installed and configured, the same goes to it too; without a
server it writes to the folder that its URI names.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from training.writing import TrainingError, save_text

MLFLOW_URI = "MLFLOW_TRACKING_URI"
MLFLOW_EXPERIMENT = "MLFLOW_EXPERIMENT_NAME"
_MAX_PARAM = 500  # characters of a value that every MLflow store takes


class Tracker(Protocol):
    """One place where a run is recorded."""

    def params(self, values: Mapping[str, Any]) -> None:
        """Record settings; called once, before training."""
        ...

    def metrics(self, values: Mapping[str, float], *, step: int) -> None:
        """Record figures of a step."""
        ...

    def artefact(self, path: Path) -> None:
        """Record a file or folder that came out of the run."""
        ...

    def close(self, *, is_finished: bool) -> None:
        """The run has ended, or was cut off."""
        ...


class FolderTracker:
    """Files in the run folder; a resumed run adds to them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def params(self, values: Mapping[str, Any]) -> None:
        """Record settings."""
        save_text(json.dumps(dict(values), indent=1), self._folder / "params.json")

    def metrics(self, values: Mapping[str, float], *, step: int) -> None:
        """Record figures of a step; the same step recorded again (a resumed run) counts once."""
        path = self._folder / "metrics.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if json.loads(line)["step"] < step]
        same = [line for line in lines if json.loads(line)["step"] == step]
        same = [line for line in same if not set(values) & set(json.loads(line))]
        line = json.dumps({"step": step, **{k: round(v, 6) for k, v in values.items()}})
        save_text("\n".join([*kept, *same, line]) + "\n", path)

    def artefact(self, path: Path) -> None:
        """Record where it lies."""
        target = self._folder / "artefacts.json"
        known = json.loads(target.read_text(encoding="utf-8")) if target.exists() else []
        save_text(json.dumps(sorted({*known, path.name})), target)

    def close(self, *, is_finished: bool) -> None:
        """Record how it ended."""
        status = "finished" if is_finished else "interrupted"
        save_text(json.dumps({"status": status}), self._folder / "status.json")


class MlflowTracker:
    """A run in MLflow; a resumed run goes on in the one it began.

    Parameters
    ----------
    folder : Path
        Run folder: ``mlflow.json`` in it keeps the id of the MLflow run.
    uri : str
        Server, or local folder.
    """

    def __init__(self, folder: Path, *, uri: str) -> None:
        import mlflow

        self._mlflow: Any = mlflow
        folder.mkdir(parents=True, exist_ok=True)
        self._mlflow.set_tracking_uri(uri)
        self._mlflow.set_experiment(os.environ.get(MLFLOW_EXPERIMENT, "klantstem"))
        self._folder = folder
        path = folder / "mlflow.json"
        self._known: dict[str, str] = (
            json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        )
        self._start(self._known.get("run_id"))

    def _start(self, run_id: str | None) -> None:
        """Begin a run, or go on with one."""
        run = self._mlflow.start_run(run_id=run_id, run_name=self._folder.name)
        self._known["run_id"] = run.info.run_id
        save_text(json.dumps(self._known), self._folder / "mlflow.json")

    def params(self, values: Mapping[str, Any]) -> None:
        """Record settings, which MLflow takes once; other ones in the same folder are a new run."""
        given = {key: str(value)[:_MAX_PARAM] for key, value in values.items()}
        digest = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
        before = self._known.get("params")
        if before == digest:
            return
        if before is not None:
            self._mlflow.end_run(status="FINISHED")
            self._start(None)
        self._mlflow.log_params(given)
        self._known["params"] = digest
        save_text(json.dumps(self._known), self._folder / "mlflow.json")

    def metrics(self, values: Mapping[str, float], *, step: int) -> None:
        """Record figures of a step."""
        self._mlflow.log_metrics(dict(values), step=step)

    def artefact(self, path: Path) -> None:
        """Copy a file, or a folder with all files of it."""
        if path.is_dir():
            self._mlflow.log_artifacts(str(path), artifact_path=path.name)
        else:
            self._mlflow.log_artifact(str(path))

    def close(self, *, is_finished: bool) -> None:
        """End the MLflow run."""
        self._mlflow.end_run(status="FINISHED" if is_finished else "KILLED")


class RunLog:
    """All trackers of a run, as one; a context that closes them.

    Parameters
    ----------
    trackers : Tracker
    """

    def __init__(self, *trackers: Tracker) -> None:
        self._trackers = trackers

    def params(self, values: Mapping[str, Any]) -> None:
        """Record settings, nested ones as ``table.key``."""
        flat = dict(flatten(values))
        for tracker in self._trackers:
            tracker.params(flat)

    def metrics(self, values: Mapping[str, float], *, step: int) -> None:
        """Record figures of a step."""
        for tracker in self._trackers:
            tracker.metrics(values, step=step)

    def artefact(self, path: Path) -> None:
        """Record a file or folder that came out of the run."""
        for tracker in self._trackers:
            tracker.artefact(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.ExitStack() as stack:  # all of them, though one fails
            for tracker in self._trackers:
                stack.callback(tracker.close, is_finished=kind is None)


def flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Pairs of dotted key and value; tuples as lists."""
    pairs: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            pairs += flatten(value, f"{prefix}{key}.")
        else:
            pairs.append((prefix + key, list(value) if isinstance(value, tuple) else value))
    return pairs


def open_log(folder: Path, tracking: str) -> RunLog:
    """Start recording a run.

    Parameters
    ----------
    folder : Path
        Run folder.
    tracking : str
        ``plain``: files in the folder. ``auto``: MLflow too, where it is installed and
        ``MLFLOW_TRACKING_URI`` set. ``mlflow``: MLflow too, in ``mlruns`` of the run folder
        where no URI is set.

    Raises
    ------
    TrainingError
        If MLflow is asked for and missing, or does not answer.
    """
    plain = FolderTracker(folder)
    uri = os.environ.get(MLFLOW_URI)
    if tracking == "plain" or (tracking == "auto" and not uri):
        return RunLog(plain)
    if find_spec("mlflow") is None:
        if tracking == "auto":
            return RunLog(plain)
        raise TrainingError(
            "tracking = 'mlflow', but MLflow is not installed: pip install 'klantstem[mlflow]', "
            "or set tracking = 'plain'"
        )
    if uri is None or uri.startswith(("file:", ".", "/")):
        # Newer versions take a plain folder only when asked to; a server needs no such thing.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    try:
        return RunLog(
            plain, MlflowTracker(folder, uri=uri or (folder / "mlruns").absolute().as_uri())
        )
    except Exception as error:  # its clients raise many kinds
        raise TrainingError(
            f"MLflow does not take the run ({type(error).__name__}): mend {MLFLOW_URI}, or set "
            "tracking = 'plain'"
        ) from error
