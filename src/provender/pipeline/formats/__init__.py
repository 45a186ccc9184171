"""Foreign layouts, read as they stand."""
