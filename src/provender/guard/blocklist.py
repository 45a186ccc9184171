"""Sources that must not feed a task: benchmark test sets and answer keys, by name."""

from __future__ import annotations

import re

from .finding import Finding

BENCHMARKS = (
    "gsm8k", "humaneval", "human-eval", "mbpp", "gpqa", "aime", "mmlu", "arena-hard", "healthbench", "bfcl",
    "mle-bench", "mlebench", "truthfulqa", "hellaswag", "bigbench", "swe-bench",
)
_ANSWER = re.compile(
    r"(?:^|[^a-z])(?:answers?|answer[-_ ]?keys?|solutions?|with[-_ ]solutions|test[-_ ]?labels?|verification[-_ ]labels|"
    r"private[-_ ]?leaderboard|gold[-_ ]?labels?)(?:[^a-z]|$)"
)


def check_name(*names: str, blocked: tuple[str, ...] = ()) -> Finding | None:
    """Refuse a source whose title, path or address names a benchmark, an answer key, or a word of `blocked`."""
    text = " ".join(name for name in names if name).casefold()
    for word in (*BENCHMARKS, *(b.casefold() for b in blocked)):
        if re.search(rf"(?:^|[^a-z0-9]){re.escape(word)}(?:[^a-z0-9]|$)", text):
            return Finding(
                kind="blocklist",
                severity="refuse",
                message=f"the source names {word!r}, a benchmark that must stay unseen",
                mend="use another source",
            )
    if match := _ANSWER.search(text):
        return Finding(
            kind="blocklist",
            severity="refuse",
            message=f"the source calls itself {match.group().strip(' -_/.')!r}: it looks like an answer key",
            mend="rename the file if it holds no answers of a test set",
        )
    return None
