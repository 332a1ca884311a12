"""`python -m infra.images`: run the steps of a Dockerfile in a folder."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import click

from infra.images.context import Context
from infra.images.dockerfile import DockerfileError
from infra.images.image import build

_REPOSITORY: Final = Path(__file__).parents[2]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("dockerfile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--into",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder that is new or empty. The image's files are in its `root`.",
)
def main(dockerfile: Path, into: Path) -> None:
    """Run the steps of DOCKERFILE in a folder, on this machine and its Python: no engine is needed.

    So it is seen that they work, from hashed locks and with what .dockerignore lets through; the base's own
    files are this machine's. Example: python -m infra.images stream_worker/Dockerfile --into /tmp/worker

    Exit status: 0 built, 1 a step failed, 2 wrong usage.
    """
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise click.UsageError(f"{into} is not empty; name an empty folder")
    started = time.monotonic()
    try:
        image = build(
            dockerfile, Context(_REPOSITORY), into.resolve(), report=lambda line: click.echo(line, err=True)
        )
    except DockerfileError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    size = sum(
        path.lstat().st_size for path in image.root.rglob("*") if path.is_file() and not path.is_symlink()
    )
    click.echo(f"{image.root}: {size / 2**20:.0f} MiB beside the base, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
