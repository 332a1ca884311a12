"""The images, built from the Dockerfiles as they are deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_ecr_assets as ecr_assets

from infra.deployment.choices import Architecture

if TYPE_CHECKING:
    from pathlib import Path

    from constructs import Construct

_OTHERS: Final = {
    "ingest_api": ("stream_worker", "requirements-worker.txt"),
    "stream_worker": ("ingest_api", "requirements-edge.txt"),
}
"""What a package's image has no part of: a change there does not deploy it again."""

_NEITHER: Final = ("requirements-dev.txt", "requirements-local.txt")

_PLATFORMS: Final = {
    Architecture.ARM64: ecr_assets.Platform.LINUX_ARM64,
    Architecture.X86_64: ecr_assets.Platform.LINUX_AMD64,
}


def image(
    scope: Construct, name: str, *, source: Path, package: str, architecture: Architecture
) -> ecr_assets.DockerImageAsset:
    """Describe a package's image. `source` is the build's context: what its `.dockerignore` lets through.

    To describe is to read files: Docker is needed only to deploy it.
    """
    return ecr_assets.DockerImageAsset(
        scope,
        name,
        directory=str(source),
        file=f"{package}/Dockerfile",
        platform=_PLATFORMS[architecture],
        exclude=[*_OTHERS[package], *_NEITHER],
    )
