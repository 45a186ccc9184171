"""Agents: they read a brief and answer with a data state, or fetch external data through a desk."""
