"""What a sum under encryption costs: seconds and bytes of 50,000 items of two houses.

python -m benchmarks.encrypted_sums
"""

import json
import time

import numpy as np

from benchmarks.about import about
from lsif.privacy.encrypted import added, decrypted, encrypted, new_keys
from lsif.privacy.noise import noisy_counts

ITEMS = 50_000


def main() -> None:
    seconds: dict[str, float] = {}
    size: dict[str, int] = {}
    draw = np.random.default_rng(1)
    houses = [np.floor(draw.pareto(1.1, ITEMS)).clip(max=100_000).astype(np.int64) for _ in range(2)]
    began = time.perf_counter()

    def done(step: str, parts: list[bytes] | None = None) -> None:
        nonlocal began
        seconds[step] = round(time.perf_counter() - began, 3)
        size.update({step: sum(map(len, parts))} if parts else {})
        began = time.perf_counter()

    secret, public = new_keys()
    done("keys", [public])
    noisy = [noisy_counts(counts, 1.0, 20) for counts in houses]
    done("noise of both")
    first, second = (encrypted(counts, public) for counts in noisy)
    done("encrypt both", first)
    total = added([first, second], public)
    done("add", total)
    found = decrypted(total, secret)[:ITEMS]
    done("decrypt")
    print(json.dumps({**about(), "seconds": seconds, "bytes": size, "exact": bool((found == sum(noisy)).all())}))


if __name__ == "__main__":
    main()
