"""One finished run of a real task whose winner does a little of everything, made by a loader by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

from provender.profile.table import read_table
from provender.sources.index import digest_of
from provender.study.study import Study
from provender.study.task import Task

LOADER = '''"""Better columns, more wines from two tables, one grower's label corrected, heavy ones left out"""

import numpy as np
from sklearn.preprocessing import StandardScaler
from provender.methods.winsorise import Winsorise

COLUMNS = ["alcohol", "hue", "proline", "flavanoids"]


class DataLoader:
    ASSETS = ({open!r}, {closed!r})

    def __init__(self, task, pool):
        self.task, self.pool = task, pool

    def rows(self):
        rows = self.task.train
        rows = rows.take(rows.frame["magnesium"] < 140, reason="too much magnesium to be true")
        y = rows.y.copy()
        y[:2] = 0
        rows = rows.edit("a hue that Bruno's wines do not have", y=y)
        frame = rows.frame.copy()
        frame.loc[frame["proline"] > 1400, "proline"] = 1400.0
        rows = rows.edit("proline is capped", frame=frame)
        for asset in self.ASSETS:
            more = self.pool[asset].frame()
            rows = rows.append(more[list(self.task.schema.names)], more["label"].to_numpy(dtype=int), reason=f"wines of {{asset}}", weight=0.5)
        return rows

    def fit(self, rows):
        self.clip = Winsorise(0.01).fit(rows.frame[COLUMNS])
        self.scaler = StandardScaler().fit(self.clip.transform(rows.frame[COLUMNS]))
        return self.inputs(rows.frame)

    def inputs(self, raw):
        return self.scaler.transform(self.clip.transform(raw[COLUMNS]))
'''


@dataclass(frozen=True)
class Finished:
    """The study, its folder, the lake's two files, and the ids of their assets: one may be passed on, one may not."""

    study: Study
    folder: Path
    lake: Path
    open: str
    closed: str

    @property
    def workspace(self) -> Path:
        return self.folder / ".provender"


def wines() -> pd.DataFrame:
    """178 Italian wines with their growers' names, and a number for each."""
    found = load_wine(as_frame=True)
    table = found.data.rename(columns=lambda name: name.replace("/", "_")).assign(grower=[("Rossi", "Bruno", "Conti")[k] for k in found.target])
    return table.assign(bottle=np.random.default_rng(5).permutation(1000)[: len(table)])


def finished(folder: Path) -> Finished:
    """Run it: D0 sees two poor columns, and the only state is the loader above."""
    table = wines()
    names = sorted(table["grower"].unique())
    lake = folder / "lake"
    lake.mkdir()
    ids = []
    for k, name in enumerate(("more", "others")):
        noisy = table.drop(columns=["grower", "bottle"]) * np.random.default_rng(k).normal(1, 0.02, (len(table), 13))
        noisy.assign(label=[names.index(g) for g in table["grower"]]).sample(40, random_state=k).to_csv(lake / f"{name}.csv", index=False)
        ids.append(f"lake:{digest_of(lake / f'{name}.csv')[:12]}")
    task = Task.from_frame(table, target="grower", metric="log_loss", learner="logistic", id="bottle", name="wine", folder=folder / "wine", folds=2)
    plain = LOADER.format(open="", closed="").replace("ASSETS = ('', '')", "ASSETS = ()").replace('["alcohol", "hue", "proline", "flavanoids"]', '["ash", "magnesium"]')
    (folder / "wine" / "loader.py").write_text(plain.replace("        for asset in", "        return self.task.train\n        for asset in"))
    task = Task.open(folder / "wine")
    (folder / "mine").mkdir()
    (folder / "mine" / "a.py").write_text(LOADER.format(open=ids[0], closed=ids[1]))
    study = Study(task, nodes=1, agent=str(folder / "mine"), no_red=True, workers=2, workspace=folder / ".provender", progress=False)
    pool = study.place.pool(task.record.digest)
    for asset, name, licence in ((ids[0], "more", "CC-BY-4.0"), (ids[1], "others", None)):
        frame = read_table(lake / f"{name}.csv")
        kept = np.arange(len(frame)) != 3  # as if one row had been quarantined
        manifest = {"title": name, "source": "lake", "locator": f"{name}.csv", "licence": licence, "rows": len(frame) - 1, "quarantined": 1}
        pool.add(asset, frame, manifest, kept=kept)
    study.run()
    return Finished(study, folder, lake, *ids)
