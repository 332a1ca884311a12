"""The command `stream-worker`: one file for each of its subcommands."""
