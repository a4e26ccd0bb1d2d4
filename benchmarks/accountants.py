"""Epsilon of DP-SGD by Opacus' PRV accountant beside Google's PLD accountant, in an environment of its own.

    python -m benchmarks.accountants /tmp/accountants

dp-accounting 0.6 wants attrs before 24, so that it cannot be among the pinned packages; pip brings it.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

GRID = [(0.7, 0.01, 300), (1.0, 0.03, 100), (1.5, 0.1, 60), (3.0, 0.25, 40), (5.0, 1.0, 10)]
"""Noise, rate and steps."""
DELTA = 1e-5
THEIRS = """
import json, sys
import dp_accounting
from dp_accounting.pld import PLDAccountant
for noise, rate, steps in json.loads(sys.argv[1]):
    event = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
    accountant = PLDAccountant(dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE)
    print(accountant.compose(event, steps).get_epsilon(float(sys.argv[2])))
"""


def main() -> None:
    from lsif.privacy.budget import spent

    folder = Path(sys.argv[1])
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "dp-accounting==0.6.0"], check=True)
    words = [python, "-c", THEIRS, json.dumps(GRID), str(DELTA)]
    theirs = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    for (noise, rate, steps), other in zip(GRID, map(float, theirs), strict=True):
        ours = spent(noise, rate, steps, DELTA)
        apart = f"PRV {ours:.3f}, dp-accounting {other:.3f} ({other / ours - 1:+.1%})"
        print(f"noise {noise:g} rate {rate:g} steps {steps}: {apart}")


if __name__ == "__main__":
    main()
