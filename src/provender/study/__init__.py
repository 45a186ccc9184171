"""The Python API: a task from a DataFrame, a study of it, and the state that won."""
