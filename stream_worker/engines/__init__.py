"""Where records come from: the only modules that know."""
