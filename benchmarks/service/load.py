"""Load on the HTTP service, on loopback, beside the classifier without HTTP.

``python -m benchmarks.service.load [--seconds S] [--minutes M] [--json OUT] [--only PART ...]``

- ``single``: one verbatim a call at 1, 8, 32 and 64 connections;
- ``bulk``: 1 000 verbatims a call, in turn with the same texts in-process; what HTTP, validation
  and batching cost, by time and by processor time;
- ``overload``: one verbatim a call at twice the rate it can bear;
- ``memory``: a mixed load for M minutes (default 10), memory after 1 minute and at the end.

The service, the classifier in-process and the client are processes of their own on one machine;
only one of the first two works at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.service.client import closed_loop, cycle_requests, open_loop
from benchmarks.service.process import InProcess, Served, served
from benchmarks.throughput import read_texts

PARTS = ("single", "bulk", "overload", "memory")
CONNECTIONS = (1, 8, 32, 64)
_PATH = "/v1/classify"


def measure_single(service: Served, texts: list[str], seconds: float) -> list[dict[str, Any]]:
    """One verbatim a call, at several numbers of connections."""
    requests = cycle_requests(_PATH, service.key, [_call([text]) for text in texts])
    rows = []
    for n_connections in CONNECTIONS:
        cpu = service.cpu_s()
        tally = asyncio.run(
            closed_loop(service.url, requests, n_connections=n_connections, seconds=seconds)
        )
        n_answers = sum(len(times) for times in tally.seconds.values())
        rows.append(
            {
                "n_connections": n_connections,
                **tally.summary(),
                "n_other": n_answers - tally.count(),
                "cpu_ms": 1000 * (service.cpu_s() - cpu) / max(1, n_answers),
            }
        )
    return rows


def measure_bulk(
    service: Served, in_process: InProcess, texts: list[str], seconds: float, n_rounds: int
) -> dict[str, Any]:
    """1 000 verbatims a call and the same texts in-process, in turn."""
    requests = cycle_requests(_PATH, service.key, [_call(texts)])
    rounds = []
    for _ in range(n_rounds):
        bare = in_process.measure(seconds)
        row: dict[str, Any] = {
            "in_process_per_s": bare["per_s"],
            "in_process_cpu_ms": bare["cpu_ms"],
        }
        for n_connections in (1, 4):
            cpu = service.cpu_s()
            tally = asyncio.run(
                closed_loop(service.url, requests, n_connections=n_connections, seconds=seconds)
            )
            n_done = tally.count() * len(texts)
            row[f"http_{n_connections}_per_s"] = n_done / tally.wall_s
            row[f"http_{n_connections}_cpu_ms"] = 1000 * (service.cpu_s() - cpu) / max(1, n_done)
        rounds.append(row)
    best = {key: max(row[key] for row in rounds) for key in rounds[0] if key.endswith("per_s")}
    least = {key: min(row[key] for row in rounds) for key in rounds[0] if key.endswith("cpu_ms")}
    return {
        "rounds": rounds,
        "cost_share_time": 1 - best["http_4_per_s"] / best["in_process_per_s"],
        "cost_share_cpu": least["http_4_cpu_ms"] / least["in_process_cpu_ms"] - 1,
    }


def measure_overload(service: Served, texts: list[str], seconds: float) -> dict[str, Any]:
    """Find the rate it can bear, then send twice as much."""
    requests = cycle_requests(_PATH, service.key, [_call([text]) for text in texts])
    bears = asyncio.run(closed_loop(service.url, requests, n_connections=32, seconds=seconds))
    per_s = 2 * bears.count() / bears.wall_s
    tally = asyncio.run(open_loop(service.url, requests, per_s=per_s, seconds=seconds))
    after = asyncio.run(closed_loop(service.url, requests, n_connections=1, seconds=1.0))
    return {
        "bears_per_s": per_s / 2,
        "sent_per_s": per_s,
        "accepted": tally.summary(200),
        "refused_429": tally.summary(429),
        "n_other": sum(
            len(times) for status, times in tally.seconds.items() if status not in (200, 429)
        ),
        "afterwards": after.summary(),
    }


def measure_memory(service: Served, texts: list[str], minutes: float) -> dict[str, Any]:
    """Keep it busy with small and large calls and watch its memory."""
    small = cycle_requests(_PATH, service.key, [_call([text]) for text in texts])
    large = cycle_requests(_PATH, service.key, [_call(texts)])
    found: list[dict[str, float]] = []
    began = time.perf_counter()

    async def watch() -> None:
        for minute in range(1, max(2, round(minutes) + 1)):
            await asyncio.sleep(max(0.0, began + 60 * minute - time.perf_counter()))
            found.append({"minute": minute, "mib": round(service.memory_mib(), 1)})

    async def both() -> None:
        seconds = 60 * max(2, round(minutes))
        await asyncio.gather(
            closed_loop(service.url, small, n_connections=8, seconds=seconds),
            closed_loop(service.url, large, n_connections=1, seconds=seconds),
            watch(),
        )

    asyncio.run(both())
    return {"minutes": found, "growth_share": found[-1]["mib"] / found[0]["mib"] - 1}


def _call(texts: list[str]) -> dict[str, Any]:
    return {"verbatims": [{"id": str(index), "text": text} for index, text in enumerate(texts)]}


def _show(results: dict[str, Any], console: Console) -> None:
    """Print what was measured."""
    if "single" in results:
        table = Table("connections", "calls/s", "p50 ms", "p95 ms", "p99 ms", "not 200", "CPU ms")
        for row in results["single"]:
            numbers = (row["per_s"], row["p50_ms"], row["p95_ms"], row["p99_ms"])
            table.add_row(
                str(row["n_connections"]),
                *(f"{number:.1f}" for number in numbers),
                str(row["n_other"]),
                f"{row['cpu_ms']:.2f}",
            )
        console.print("one verbatim a call", table)
    if "bulk" in results:
        table = Table(
            "round", "in-process/s", "1 connection/s", "4 connections/s", "CPU ms", "CPU ms, HTTP"
        )
        for number, row in enumerate(results["bulk"]["rounds"], start=1):
            table.add_row(
                str(number),
                f"{row['in_process_per_s']:.0f}",
                f"{row['http_1_per_s']:.0f}",
                f"{row['http_4_per_s']:.0f}",
                f"{row['in_process_cpu_ms']:.2f}",
                f"{row['http_4_cpu_ms']:.2f}",
            )
        console.print("verbatims per second, 1 000 a call", table)
        console.print(
            f"HTTP, validation and batching cost {results['bulk']['cost_share_time']:.1%} of the "
            f"throughput, {results['bulk']['cost_share_cpu']:.1%} of processor time"
        )
    for part in ("overload", "memory"):
        if part in results:
            console.print(part, results[part])


def main() -> None:
    """Measure, print, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10.0, help="per measurement")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the memory run")
    parser.add_argument("--rounds", type=int, default=3, help="of the bulk part")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    texts = read_texts(None, 1000)
    results: dict[str, Any] = {}
    with served(args.bundle, log_level="warning") as service:
        asyncio.run(  # the first seconds are those of a cold process
            closed_loop(
                service.url,
                cycle_requests(_PATH, service.key, [_call([text]) for text in texts]),
                n_connections=8,
                seconds=3.0,
            )
        )
        if "single" in args.only:
            results["single"] = measure_single(service, texts, args.seconds)
        if "bulk" in args.only:
            in_process = InProcess(texts, args.bundle)
            results["bulk"] = measure_bulk(service, in_process, texts, args.seconds, args.rounds)
            in_process.close()
        if "overload" in args.only:
            results["overload"] = measure_overload(service, texts, args.seconds)
        if "memory" in args.only:
            results["memory"] = measure_memory(service, texts, args.minutes)
    _show(results, Console(width=110))
    if args.json:
        args.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
