"""What every worker process needs: settings, errors, clients, log, metrics, signals, health folder."""
