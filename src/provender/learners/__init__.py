"""Preset learners: honest, converged baselines that cannot be gamed by scale, duplicated rows or duplicated columns."""

from .fitting import make_learner
from .presets import PRESETS, Preset, find_preset

__all__ = ["PRESETS", "Preset", "find_preset", "make_learner"]
