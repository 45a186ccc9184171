"""Where external data comes from: a folder, data sets bundled with installed packages, and later hubs and the web."""
