"""The contract: what a task, its rows, its learner and a data state *are*. Values only, no I/O beyond reading task.toml."""
