"""Preset learners: honest, converged baselines that cannot be gamed by scale, duplicated rows or duplicated columns."""

from .presets import PRESETS, Preset, find_preset, make_learner

__all__ = ["PRESETS", "Preset", "find_preset", "make_learner"]
