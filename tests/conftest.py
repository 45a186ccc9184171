"""Settings of the whole suite."""

from hypothesis import settings

settings.register_profile("shared machine", deadline=None)  # how long one example takes depends on who else computes
settings.load_profile("shared machine")
