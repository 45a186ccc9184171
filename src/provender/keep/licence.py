"""Which licences allow that data are passed on. Facts about licences, not legal advice; what is not known is not passed on."""

from __future__ import annotations

import re

_OPEN = re.compile(
    r"\b(cc0|public domain|unlicense|pddl|odc[- ]?by|odbl|cc[- ]by([- ]sa)?([- ]?\d(\.\d)?)?|mit|bsd|0bsd|isc|zlib|apache|psf|python software foundation|"
    r"open government licen[cs]e|ogl|open data commons|creative commons (zero|attribution)|us government)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"\b(nc|nd|non-?commercial|no-?derivatives?|proprietary|all rights reserved|confidential|research only|academic)\b", re.IGNORECASE)


def may_pass_on(licence: str | None) -> bool:
    """Whether data under a licence of these words may be given to others with its statement. No statement means no."""
    return licence is not None and bool(_OPEN.search(licence)) and not _CLOSED.search(licence.replace("_", " "))
