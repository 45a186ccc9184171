"""The journal: every event is appended before it is acted on; tree, pool, memory and ledger are folds of it."""
