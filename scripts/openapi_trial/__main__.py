"""One trial for each principal; fails when one of them has a finding."""

import json
import os
import subprocess
import sys
from pathlib import Path

from .node import Node
from .world import PRINCIPALS, settle

# Streams of events have no end; schemathesis waits for it, and takes that for a fault.
ENDLESS = "/events/$"


# What comes last gets what time is left of a run, which may be none.
PHASES = ("examples,coverage", "fuzzing", "stateful")


def trial(binary: str, logs: Path, principal: str, seconds: int, seed: str) -> bool:
    passed = True
    for phases in PHASES:
        print(f"== {principal}: {phases}", flush=True)
        name = f"{principal}-{phases.split(',')[-1]}"
        passed &= run(binary, logs, (name, principal, phases), (seconds // len(PHASES), seed))
    return passed


def run(binary: str, logs: Path, what: tuple, bounds: tuple) -> bool:
    (name, principal, phases), (seconds, seed) = what, bounds
    with Node(binary, logs / f"node-{name}.log") as node:
        world = settle(node, principal)
        place = logs / f"world-{name}.json"
        place.write_text(json.dumps(world))
        command = [
            str(Path(sys.executable).with_name("schemathesis")), "run", f"{node.url}/api/schema/",
            "--checks", "all", "--exclude-path-regex", ENDLESS, "--seed", seed,
            "--phases", phases, "--max-time", str(seconds), "--request-timeout", "20", "--continue-on-failure",
            "--generation-database", "none", "--no-color",
            "--report", "ndjson", "--report-ndjson-path", str(logs / f"events-{name}.ndjson"),
        ]
        environment = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "openapi_trial.hooks",
            "IHS_TRIAL_WORLD": str(place),
        }
        with (logs / f"trial-{name}.log").open("w") as log:
            done = subprocess.run(command, env=environment, stdout=log, stderr=log, check=False)
    said = (logs / f"trial-{name}.log").read_text()
    begin = said.find("= FAILURES =") if done.returncode else said.find("= SUMMARY =")
    print(said[said.rfind("\n", 0, begin) + 1:], flush=True)
    return done.returncode == 0


def main() -> int:
    binary, logs, seconds, seed = sys.argv[1:5]
    chosen = sys.argv[5:] or PRINCIPALS
    passed = [trial(binary, Path(logs), principal, int(seconds), seed) for principal in chosen]
    return 0 if all(passed) else 1


sys.exit(main())
