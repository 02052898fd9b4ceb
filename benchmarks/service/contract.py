"""Hold a running service to its OpenAPI document by thousands of calls made up from it.

``python -m benchmarks.service.contract [--examples N] [--seed S] [--report FILE]``

Schemathesis makes valid and invalid calls of every operation and follows links between them; all
its checks run (status, content type, headers and body as documented, no 5xx, bad calls refused,
keys needed). The service is a process of its own on loopback with the released bundle and an
embedded database. Exit status 1 if anything failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.service.process import Served, served

_CONFIG = Path(__file__).with_name("schemathesis.toml")


def check_contract(service: Served, *, n_examples: int, seed: int, report: Path) -> int:
    """Run Schemathesis; gives its exit status."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(_CONFIG)),
        *("run", f"{service.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {service.key}"),
        *("--checks", "all", "--mode", "all", "--continue-on-failure"),
        *("--max-examples", str(n_examples), "--seed", str(seed)),
        *("--request-timeout", "30", "--report-ndjson-path", str(report)),
        *("--suppress-health-check", "all"),
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "benchmarks.service.contract_hooks"}
    return subprocess.run(command, env={**os.environ, **hooks}, check=False).returncode


def count_calls(report: Path) -> Counter[str]:
    """Calls in a report, by status."""
    statuses: Counter[str] = Counter()
    with report.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            scenario = event.get("ScenarioFinished")
            if scenario is None:
                continue
            for call in scenario["recorder"].get("interactions", {}).values():
                response = call.get("response")
                statuses[str(response["status_code"]) if response else "none"] += 1
    return statuses


def main() -> None:
    """Run, count, and tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--examples", type=int, default=150, help="per operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="keep every call here (NDJSON)")
    args = parser.parse_args()
    with TemporaryDirectory() as folder, served(log_level="warning") as service:
        report = args.report or Path(folder) / "calls.ndjson"
        status = check_contract(service, n_examples=args.examples, seed=args.seed, report=report)
        statuses = count_calls(report)
    sys.stdout.write(f"{sum(statuses.values())} calls: {dict(sorted(statuses.items()))}\n")
    sys.exit(status)


if __name__ == "__main__":
    main()
