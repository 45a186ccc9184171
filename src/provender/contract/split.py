"""Who sees which rows. Pure: made from the task's digest, never from `--seed`, so that no later run searches on
rows that an earlier one kept sealed.

    T  test      scored once, at the end
    C  sealed    20 % of the rest, at most 5,000 rows: nobody sees it before the confirmation
    S  search    all that loaders, agents, memory and development scores ever see
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import TaskError

SEALED_SHARE = 0.2
SEALED_MOST = 5_000
LARGEST_BUNDLE = 0.1  # share of the rows that duplicates may tie together
ROWS_A_DISTINCT = 5
SEALED_FROM = 500  # below this many rows C may stay empty for the playbook, which cannot write labels into its code


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Positions of the training file's rows: `test` is empty when the task has a test file of its own."""

    test: np.ndarray
    sealed: np.ndarray
    search: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Positions of rows to train on and rows to score. `draw` tells repetitions apart: another draw, other seeds."""

    train: np.ndarray
    evaluation: np.ndarray
    draw: int = 0


def bundles(n: int, groups: np.ndarray | None, duplicates: np.ndarray | None) -> np.ndarray:
    """(n,) int bundle of each row: rows that share a group or are exact duplicates stay together.

    groups, duplicates: (n,) any values, or None. Two bundles joined by either relation become one; rows without a
    group (None, NaN, or -1 as pandas.factorize says) are not held together by that.

    Duplicates are let go where equal rows are natural, as in a table of few categories: when there are five rows to
    each distinct one, or when keeping them would tie a tenth of all rows together (in chains through groups, too).
    """
    own = np.arange(n) if groups is None else _codes(groups)
    if duplicates is None or n == 0:
        return own
    same = _codes(duplicates)
    joined = _joined(own, same)
    most = max(n * LARGEST_BUNDLE, np.bincount(own).max(), 2)
    natural = n > ROWS_A_DISTINCT * len(np.unique(same)) or np.bincount(joined).max() > most
    return own if natural else joined


def _joined(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n,) component of each row in the graph that links rows with equal codes in `a` or in `b`."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = int(a.max()) + 1
    links = coo_matrix((np.ones(len(a), np.int8), (a, b + size)), shape=(size + int(b.max()) + 1,) * 2)
    return connected_components(links, directed=False)[1][a]


def _codes(values: np.ndarray) -> np.ndarray:
    """(n,) int codes of equal values; every missing one (None, NaN, a negative code) gets a code of its own."""
    values = np.asarray(values)
    if values.dtype == object:
        missing = np.array([v is None or v != v for v in values], dtype=bool)
    else:
        missing = values < 0 if values.dtype.kind == "i" else values != values
    codes = np.empty(len(values), dtype=np.int64)
    present = values[~missing]
    present = present.astype(str) if values.dtype == object else present
    codes[~missing] = np.unique(present, return_inverse=True)[1]
    codes[missing] = codes[~missing].max(initial=-1) + 1 + np.arange(missing.sum())
    return codes


def make_split(
    bundle: np.ndarray,
    strata: np.ndarray | None,
    time: np.ndarray | None,
    *,
    digest: str,
    test_size: float | None,
    seal: bool,
) -> Split:
    """Set T, C and S apart.

    bundle     (n,) from `bundles`;  strata (n,) class codes or None;  time (n,) sortable or None
    test_size  share for T, or None when the task has a test file;  seal: set C aside as well

    Without `time` T and C are stratified and may grow by a part of one bundle; with it they are the latest rows,
    whatever their bundles: the past may be known again. Raises TaskError when one bundle holds too many rows to cut.
    """
    rng = np.random.default_rng(int(digest[:16], 16))
    n = len(bundle)
    order = _order(bundle, strata, time, rng)
    n_test = round(n * test_size) if test_size else 0
    rest = n - n_test
    n_sealed = min(SEALED_MOST, round(rest * SEALED_SHARE)) if seal else 0
    test, order = _cut(order, bundle, n_test, time is not None)
    sealed, order = _cut(order, bundle, n_sealed, time is not None)
    return Split(np.sort(test), np.sort(sealed), np.sort(order))


def _order(
    bundle: np.ndarray, strata: np.ndarray | None, time: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """Rows in the order in which they are set aside: latest first, else so that every prefix is stratified."""
    n = len(bundle)
    if time is not None:
        return np.lexsort((rng.random(n), time))[::-1]
    names, first, member, size = np.unique(bundle, return_index=True, return_inverse=True, return_counts=True)
    stratum = np.zeros(len(names), int) if strata is None else np.unique(strata[first], return_inverse=True)[1]
    rank = np.empty(len(names))
    for one in range(stratum.max(initial=-1) + 1):
        of_one = rng.permutation(np.flatnonzero(stratum == one))
        before = np.cumsum(size[of_one]) - size[of_one]
        rank[of_one] = (before + rng.random()) / size[of_one].sum()
    return np.lexsort((member, rank[member]))


def _cut(order: np.ndarray, bundle: np.ndarray, size: int, timed: bool) -> tuple[np.ndarray, np.ndarray]:
    """The first `size` rows and the rest; a bundle that the cut would part goes whole to the first side.

    Bundles larger than `size` are passed over, so that one huge group does not fill the small side.
    """
    if size <= 0:
        return order[:0], order
    if timed:
        return order[:size], order[size:]
    names, member, count = np.unique(bundle[order], return_inverse=True, return_counts=True)
    eligible = order[count[member] <= size]
    if len(eligible) == 0:
        smallest = names[count.argmin()]
        if len(names) < 2:
            raise TaskError(
                "all rows belong to one group, so none can be set aside: correct evaluation.group or give a test file"
            )
        eligible = order[bundle[order] == smallest]
    inside = np.isin(bundle[order], bundle[eligible[:size]])
    return order[inside], order[~inside]


def folding(
    rows: np.ndarray, bundle: np.ndarray, strata: np.ndarray | None, time: np.ndarray | None, *, folds: int, seed: int
) -> list[Fold]:
    """Cut `rows` (positions) into folds: bundles together, classes balanced, or forward in time.

    With `time`, fold k trains on the windows before window k and scores window k (folds + 1 windows). There are never
    more folds than bundles. Raises TaskError for fewer than two of them.
    """
    rows = np.asarray(rows)
    rng = np.random.default_rng(seed)
    if time is not None:
        windows = np.array_split(rows[np.lexsort((rng.random(len(rows)), time[rows]))], folds + 1)
        return [Fold(np.sort(np.concatenate(windows[:k])), np.sort(windows[k])) for k in range(1, folds + 1)]
    folds = min(folds, len(np.unique(bundle[rows])))
    if folds < 2:
        raise TaskError(f"{len(rows)} rows of one group cannot be cut into folds: correct evaluation.group")
    fold_of = _assign(bundle[rows], None if strata is None else strata[rows], folds, rng)
    return [Fold(rows[fold_of != k], rows[fold_of == k]) for k in range(folds)]


def _assign(bundle: np.ndarray, strata: np.ndarray | None, folds: int, rng: np.random.Generator) -> np.ndarray:
    names, member = np.unique(bundle, return_inverse=True)
    first = np.full(len(names), -1)
    first[member[::-1]] = np.arange(len(bundle))[::-1]
    stratum = np.zeros(len(names), int) if strata is None else np.unique(strata[first], return_inverse=True)[1]
    size = np.bincount(member)
    fold_of = np.empty(len(names), int)
    order = np.lexsort((rng.random(len(names)), -size, stratum))
    if (size == 1).all():
        fold_of[order] = (np.arange(len(order)) + rng.integers(folds)) % folds
        return fold_of[member]
    load = np.zeros((stratum.max() + 1, folds))
    several = size[order] > 1
    for name in order[several]:  # largest first, each to the fold with the fewest rows of its class, then of all
        k = min(range(folds), key=lambda f: (load[stratum[name], f], load[:, f].sum(), f))
        fold_of[name] = k
        load[stratum[name], k] += size[name]
    for one in range(len(load)):  # single rows fill what is uneven
        single = order[~several & (stratum[order] == one)]
        places = _level(load[one], load.sum(axis=0), len(single))
        fold_of[single] = places
        load[one] += np.bincount(places, minlength=folds)
    return fold_of[member]


def _level(load: np.ndarray, total: np.ndarray, count: int) -> np.ndarray:
    """(count,) fold of each single row, so that `load` ends as even as it can; ties go to the smallest `total`."""
    folds = len(load)
    ends = np.sort(load)
    filled = np.array([(level - load).clip(0).sum() for level in ends])
    level = ends[np.flatnonzero(filled <= count)[-1]]
    places = np.repeat(np.arange(folds), (level - load).clip(0).astype(int))
    while len(places) < count:  # at most a few rounds: every fold that is not above the level gets an equal share
        now = load + np.bincount(places, minlength=folds)
        low = np.flatnonzero(now <= now.min())
        low = low[np.argsort((total - load + now)[low], kind="stable")]
        higher = now[now > now.min()]
        room = int(higher.min() - now.min()) if len(higher) else count
        whole = max(1, min(room, (count - len(places)) // len(low)))
        places = np.concatenate([places, np.tile(low, whole)])[:count]
    return places


def holdout(
    rows: np.ndarray, bundle: np.ndarray, strata: np.ndarray | None, time: np.ndarray | None, *, share: float, seed: int
) -> list[Fold]:
    """One fold that scores `share` of the rows (the latest ones when there is `time`)."""
    rows = np.asarray(rows)
    if time is not None:
        ordered = rows[np.argsort(time[rows], kind="stable")]
        cut = round(len(rows) * (1 - share))
        return [Fold(np.sort(ordered[:cut]), np.sort(ordered[cut:]))]
    order = _order(bundle[rows], None if strata is None else strata[rows], None, np.random.default_rng(seed))
    evaluation, train = _cut(order, bundle[rows], max(1, round(len(rows) * share)), False)
    return [Fold(np.sort(rows[train]), np.sort(rows[evaluation]))]
