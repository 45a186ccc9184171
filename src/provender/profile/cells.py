"""What single cells say: numbers written as text, dates, missing-value markers, yes/no words. Vectorised over a column.

D0 and the profile only recognise these; the methods that repair them (and the user) decide.
"""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd

MISSING_MARKERS = frozenset(
    (
        "",
        "?",
        "-",
        "--",
        ".",
        "na",
        "n/a",
        "n.a.",
        "nan",
        "null",
        "none",
        "nil",
        "missing",
        "unknown",
        "#n/a",
        "not available",
    )
)
YES_NO = (
    frozenset(("yes", "no")),
    frozenset(("y", "n")),
    frozenset(("true", "false")),
    frozenset(("t", "f")),
    frozenset(("on", "off")),
)
_NUMBER = re.compile(
    r"^(?P<sign>[-+(]?)\s*(?:[$€£¥]|usd|eur|gbp)?\s*(?P<sign2>[-+]?)"
    r"(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?P<power>e[-+]?\d+)?"
    r"\s*(?P<unit>%|[a-zµ°$€£¥/²³\"'.]{0,12})\)?$",
    re.IGNORECASE,
)
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:[AaPp][Mm])?\s?(?:Z|UTC|[-+]\d{2}:?\d{2})?)?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"^(?:(?:19|20)\d{{12}}Z|\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_TIME}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}}){_TIME}"
    rf"|\d{{1,2}}[ -]{_MONTH}[ ,-]+\d{{2,4}}{_TIME}|{_MONTH}\.? \d{{1,2}},? \d{{4}}{_TIME}|{_MONTH} \d{{4}})$",
    re.IGNORECASE,
)


def is_missing_marker(values: pd.Series) -> pd.Series:
    """(n,) bool: the cell is a string that stands for a missing value. True missing values are not markers."""
    if values.dtype.kind in "biufmM":
        return pd.Series(False, index=values.index)
    return values.astype("str").str.strip().str.lower().isin(MISSING_MARKERS) & values.notna()


def written_numbers(values: pd.Series) -> pd.Series:
    """(n,) float: the number each text holds ("1,234", "$5.00", "(3)", "12 kg", "7 %"), NaN where it holds none.

    The unit is dropped, not converted; a percentage stays its own number (7 for "7 %").
    """
    codes, uniques = pd.factorize(values)
    parsed = np.array([_number(str(value)) for value in uniques], dtype=float)
    return pd.Series(np.append(parsed, np.nan)[codes], index=values.index)


def _number(text: str) -> float:
    match = _NUMBER.match(text.strip())
    if match is None:
        return float("nan")
    value = float(match["digits"].replace(",", "") + (match["power"] or ""))
    return -value if match["sign"] in ("-", "(") or match["sign2"] == "-" else value


def is_date(values: pd.Series) -> pd.Series:
    """(n,) bool: the text is written like a date of a common format. Bare years and bare numbers are not dates."""
    codes, uniques = pd.factorize(values)
    looks = np.array([bool(_DATE.match(str(value).strip())) for value in uniques], dtype=bool)
    return pd.Series(np.append(looks, False)[codes], index=values.index)


def parse_dates(values: pd.Series) -> pd.Series:
    """(n,) datetime64 without zone (UTC when one was written), NaT where there is no date.

    Whether 03/04/2020 is in March or April is decided by the whole column: day first if any first number exceeds 12.
    """
    if values.dtype.kind == "M":
        return values.dt.tz_convert("UTC").dt.tz_localize(None) if values.dt.tz is not None else values
    text = values.astype("str").str.strip().where(is_date(values))
    first = pd.to_numeric(text.str.extract(r"^(\d{1,2})[-/.]\d{1,2}[-/.]\d{2,4}")[0], errors="coerce")
    parsed = pd.Series(pd.NaT, index=values.index, dtype="datetime64[ns, UTC]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns of single cells that contradict `dayfirst`
        for part, day_first in ((first.notna(), bool((first > 12).any())), (first.isna() & text.notna(), False)):
            found = pd.to_datetime(text[part], errors="coerce", format="mixed", dayfirst=day_first, utc=True)
            parsed[part] = found.astype(parsed.dtype)
    return parsed.dt.tz_localize(None)


def plain_numbers(values: pd.Series) -> pd.Series:
    """(n,) float: numbers as `pd.to_numeric` reads them, NaN for everything else."""
    return pd.to_numeric(values, errors="coerce").astype(float)
