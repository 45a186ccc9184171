"""Published methods, one a file: public API for loaders. `registry` lists them; each file's CARD says what it is."""
