"""Runs the command of this package."""

from infra.analytics.cli import main

if __name__ == "__main__":
    main(prog_name="python -m infra.analytics")
