"""Reports read journals. They can never change a run."""
