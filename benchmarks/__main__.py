"""Command line of the benchmarks.

    python -m benchmarks list
    python -m benchmarks run --case REGEX --platform mps|cpu|cuda|both [--json-out FILE]
    python -m benchmarks run --reference cuda

With both platforms it prints what each costs, the ratio to the reference's (cpu's, if no other is
named), and their geometric mean.
"""

import argparse
import dataclasses
import json
import math
import os
import platform as machine
import re
import sys
import time


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="names and groups of all workloads")
    run = commands.add_parser("run", help="measure workloads")
    run.add_argument("--case", default=".", help="regular expression that names must contain")
    run.add_argument("--platform", choices=["mps", "cpu", "cuda", "both"], default="both")
    run.add_argument("--reference", choices=["cpu", "cuda"], default="cpu", help="the other one")
    run.add_argument("--json-out", metavar="FILE", help="write the measurements there")
    run.add_argument("--quick", action="store_true", help="repeat less")
    options = parser.parse_args()

    # Caches would hide what is measured; the platforms are fixed before JAX is imported.
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "0"
    if options.command == "list":
        os.environ["JAX_PLATFORMS"] = "cpu"
        return list_workloads()
    both = f"mps,{options.reference}"
    os.environ["JAX_PLATFORMS"] = both if options.platform == "both" else options.platform
    return run_workloads(options)


def list_workloads() -> int:
    from .workloads import ALL

    for name, workload in ALL.items():
        print(f"{name:28} {workload.group}")
    return 0


def run_workloads(options) -> int:
    import jax

    from .measure import Limits, measure, register
    from .workloads import ALL

    both = options.platform == "both"
    platforms = [options.reference, "mps"] if both else [options.platform]
    if "mps" in platforms:
        register()
    if "cuda" in platforms:
        # Its default rounds f32 operands to TF32.
        jax.config.update("jax_default_matmul_precision", "highest")
    chosen = [w for name, w in ALL.items() if re.search(options.case, name)]
    if not chosen:
        print(f"no workload matches {options.case!r}; see `python -m benchmarks list`")
        return 1
    quick = Limits(compiles=2, compile_seconds=2, runs=20, run_seconds=0.5)
    limits = quick if options.quick else Limits()
    print(heading(platforms), flush=True)
    results, failures = {}, {}
    for workload in chosen:
        try:
            results[workload.name] = measure(workload, platforms, limits)
        except Exception as error:
            failures[workload.name] = f"{type(error).__name__}: {error}"
            print(f"{workload.name:26} failed: {failures[workload.name][:300]}", flush=True)
            continue
        print(row(workload.name, results[workload.name]), flush=True)
    if len(platforms) == 2:
        programs = [r for n, r in results.items() if ALL[n].group == "program"]
        print(summary(programs, options.reference))
        print(scaling(results))
    if options.json_out:
        record = {
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": f"{machine.machine()}, {os.cpu_count()} cores",
            "jax": jax.__version__,
            "devices": {p: jax.devices(p)[0].device_kind for p in platforms},
            "results": {
                name: {p: dataclasses.asdict(m) for p, m in result.items()}
                for name, result in results.items()
            },
            "failures": failures,
        }
        with open(options.json_out, "w") as file:
            json.dump(record, file, indent=1)
    return 1 if failures else 0


def heading(platforms: list[str]) -> str:
    if len(platforms) == 1:
        return f"{'workload':26} {'compile':>10} {'run':>10} {'scratch':>10}"
    compiles, runs, scratch = (f"{what} {platforms[0]}" for what in ("compile", "run", "scratch"))
    return (
        f"{'workload':26} {compiles:>12} {'mps':>9} {'faster':>8} {'in plugin':>10} "
        f"{runs:>10} {'mps':>10} {'ratio':>7} {scratch:>12} {'mps':>8} {'difference':>10}"
    )


def row(name: str, result: dict) -> str:
    if len(result) == 1:
        (m,) = result.values()
        return f"{name:26} {ms(m.compile)} {ms(m.run)} {mib(m.temporaries)}"
    other, mps = result.values()
    faster, ratio = other.compile / mps.compile, mps.run / other.run
    return (
        f"{name:26} {ms(other.compile):>12} {ms(mps.compile):>9} {faster:7.1f}x "
        f"{ms(mps.plugin_compile):>10} {ms(other.run):>10} {ms(mps.run):>10} {ratio:6.2f}x "
        f"{mib(other.temporaries):>12} {mib(mps.temporaries):>8} {mps.difference:10.1e}"
    )


def ms(seconds: float | None) -> str:
    if seconds is None:
        return "-".rjust(10)
    if seconds < 1e-3:
        return f"{seconds * 1e6:7.1f} us"
    return f"{seconds * 1e3:7.1f} ms"


def mib(size: int | None) -> str:
    return "-" if size is None else f"{size / 2**20:.1f}M"


def summary(results: list[dict], reference: str) -> str:
    """Geometric means over the programs, and the slowest of them."""
    if not results:
        return ""
    ratios = [r["mps"].run / r[reference].run for r in results]
    compiles = [r[reference].compile / r["mps"].compile for r in results]
    return (
        f"\n{len(results)} programs: run time mps/{reference} {mean(ratios):.2f} geometric mean, "
        f"{max(ratios):.2f} at most; compile {mean(compiles):.1f} times faster, "
        f"{min(compiles):.1f} at least"
    )


def scaling(results: dict) -> str:
    """What grows with the length of a loop and with the size of a program."""
    lines = []
    for short, long, factor in (
        ("scan_100_steps", "scan_10000_steps", 100),
        ("ops_50k", "ops_100k", 2),
    ):
        if short in results and long in results:
            for platform in results[short]:
                a, b = results[short][platform], results[long][platform]
                if factor == 100:
                    lines.append(
                        f"scan on {platform}: {a.run / 100 * 1e6:.2f} us a step at 100 steps, "
                        f"{b.run / 10_000 * 1e6:.2f} us at 10000"
                    )
                else:
                    lines.append(
                        f"compile on {platform}: {a.compile:.2f} s for 50k ops, "
                        f"{b.compile / a.compile:.2f} times that for 100k"
                    )
    return "\n".join(lines)


def mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


if __name__ == "__main__":
    sys.exit(main())
