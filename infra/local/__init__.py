"""The whole system on one machine: emulated AWS, edge and worker, and a demonstration."""
