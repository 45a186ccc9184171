"""What data looks like: reading tables, column kinds, profiles, row digests and column sketches. Pure, but for reading files."""
