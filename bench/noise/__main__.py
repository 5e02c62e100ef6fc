"""`python -m bench.noise [--write]`: see the package."""

import argparse
import time

from bench.noise.run import results
from bench.noise.table import table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.parse_args()
    begin = time.perf_counter()
    print(table(results()))
    print(f"\n{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
