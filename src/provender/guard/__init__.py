"""The guard: pure checks from rows, features and names to findings. It decides nothing about scores."""
