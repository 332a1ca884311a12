"""What every process of the worker has: settings, errors, clients, log, metrics, signals, health folder."""
