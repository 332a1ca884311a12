"""The public aggregates: how many deployments there are of what, without giving a small group away."""
