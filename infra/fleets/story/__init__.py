"""Some weeks of a growing fleet, made from a seed, with the truth about them; and how they fill a lake.

`telling.tell` makes the story, `filling.fill` puts it through the worker, day by day.
"""
