"""Some weeks of a growing fleet, made from a seed, with the truth about them.

`making.make_story` makes the story; `infra.local.filling` puts it through the worker, day by day.
"""
