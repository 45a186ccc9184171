"""What runs inside a sandbox: entry points for loaders, learners, programs and parsers. No label but a fold's own is here."""
