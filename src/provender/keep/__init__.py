"""What a user keeps of a run: exported data, rebuilt data, differences, models, and the workspace itself."""
