"""What edge, worker and infrastructure share: the report's schema, the tables, the settings' names."""

__version__ = "0.1.0"
