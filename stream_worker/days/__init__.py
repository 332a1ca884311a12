"""Work on whole days: proved complete, sealed, replayed."""
