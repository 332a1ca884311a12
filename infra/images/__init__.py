"""The two images, built as folders: the steps of their Dockerfiles, run without an engine."""
