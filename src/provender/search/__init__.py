"""The search: which node to grow, which to execute next, and the loop around both."""
