"""Parts of a date: Box & Jenkins' seasons as columns: year, day of the year and hour on circles, day of the week."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from .card import Card

CARD = Card(
    name="date_parts",
    family="features",
    slot="columns",
    stage="encode",
    takes=("date",),
    summary="dates become a year, a season and an hour on circles, and a day of the week",
    paper="Box & Jenkins: Time Series Analysis: Forecasting and Control",
    year=1970,
    link="https://doi.org/10.1002/9781118619193",
    implementation="provender.methods.date_parts:DateParts",
    choices={"trend": (False,)},
    helps="the target moves with season, weekday or hour",
    hurts="the test span lies beyond the training span (drop the trend)",
    cost="n d",
    seconds=0.2,
    prior=0.2,
    signals={"date": 0.5},
)


class DateParts(TransformerMixin, BaseEstimator):
    """DataFrame (n, d) of dates, as datetimes or strings -> (n, 12 d or 13 d) float64; a missing date is all zeros.

    trend: also the date itself, in years since the training mean
    """

    def __init__(self, trend: bool = True) -> None:
        self.trend = trend

    def fit(self, X: pd.DataFrame, y: object = None) -> DateParts:
        years = [_years(_dates(X.iloc[:, i])) for i in range(X.shape[1])]
        self.mean_ = [float(np.nanmean(part)) if np.isfinite(part).any() else 0.0 for part in years]
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        return np.hstack([self._parts(_dates(X.iloc[:, i]), mean) for i, mean in enumerate(self.mean_)])

    def _parts(self, dates: pd.Series, mean: float) -> np.ndarray:
        season, hour = 2 * np.pi * dates.dt.day_of_year / 365.25, 2 * np.pi * dates.dt.hour / 24
        parts = [np.sin(season), np.cos(season), np.sin(2 * season), np.cos(2 * season), np.sin(hour), np.cos(hour)]
        parts += [dates.dt.day_of_week == day for day in range(6)]
        if self.trend:
            parts.append(pd.Series(_years(dates) - mean, index=dates.index))
        table = np.column_stack([part.to_numpy(dtype=float, na_value=np.nan) for part in parts])
        return np.where(dates.notna().to_numpy()[:, None], table, 0.0)


def _dates(column: pd.Series) -> pd.Series:
    if column.dtype.kind == "M":
        return column
    dates = pd.to_datetime(column, errors="coerce", format="mixed", utc=True)
    return dates.dt.tz_localize(None)


def _years(dates: pd.Series) -> np.ndarray:
    return ((dates - pd.Timestamp(2000, 1, 1)).dt.total_seconds() / (365.25 * 86400)).to_numpy(dtype=float, na_value=np.nan)
