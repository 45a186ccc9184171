"""A PyTorch module as a fixed learner: what a learner.py inherits from, needing `build` and no more.

    import torch
    from provender.learners.torch_module import TorchModule

    class Learner(TorchModule):
        epochs = 30

        def build(self, n_features, n_outputs):
            return torch.nn.Sequential(torch.nn.Linear(n_features, 64), torch.nn.ReLU(), torch.nn.Linear(64, n_outputs))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.sparse import issparse

_MOST_DENSE = 100_000_000  # cells


class TorchModule(ABC):
    """Trains the module with AdamW on one thread, from the fold's seed alone.

    kind  classification (cross-entropy, soft labels too; predict gives (n, k) probabilities over `classes_`) or regression
          (squared error on standardised targets; (n,) or (n, t) values)

    Features are standardised by the training rows' weighted mean and deviation, sparse ones made dense. Example weights scale
    each row's loss. Needs the extra `torch`.
    """

    kind: ClassVar[Literal["classification", "regression"]] = "classification"
    epochs: ClassVar[int] = 50
    batch_size: ClassVar[int] = 64
    learning_rate: ClassVar[float] = 1e-3
    weight_decay: ClassVar[float] = 1e-4

    @abstractmethod
    def build(self, n_features: int, n_outputs: int) -> Any:
        """A torch.nn.Module from (m, n_features) float32 to (m, n_outputs): logits of the classes, or values."""

    def fit(self, features: Any, y: np.ndarray, weight: np.ndarray, seed: int) -> TorchModule:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        x = _dense(features)
        self.center_ = np.average(x, axis=0, weights=weight)
        deviation = np.sqrt(np.average((x - self.center_) ** 2, axis=0, weights=weight))
        self.scale_ = np.where(deviation > 1e-12, deviation, 1.0)
        target = self._target(np.asarray(y), weight)
        self.model_ = self.build(x.shape[1], target.shape[1])
        self._train(torch.as_tensor(self._scaled(x)), torch.as_tensor(target), torch.as_tensor(weight / weight.mean(), dtype=torch.float32), seed)
        return self

    def predict(self, features: Any) -> np.ndarray:
        import torch

        self.model_.eval()
        with torch.no_grad():
            out = self.model_(torch.as_tensor(self._scaled(_dense(features)))).double()
        if self.kind == "classification":
            return torch.softmax(out, dim=1).numpy()
        values = out.numpy() * self.spread_ + self.mean_
        return values[:, 0] if self.one_ else values

    def _target(self, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """(n, outputs) float32: shares of the classes, or standardised values."""
        if self.kind == "classification":
            if y.ndim == 2:
                self.classes_ = np.arange(y.shape[1])
                return y.astype(np.float32)
            self.classes_, place = np.unique(y.astype(np.int64), return_inverse=True)
            return np.eye(len(self.classes_), dtype=np.float32)[place]
        self.one_ = y.ndim == 1
        values = y.reshape(len(y), -1).astype(float)
        self.mean_ = np.average(values, axis=0, weights=weight)
        self.spread_ = np.maximum(np.sqrt(np.average((values - self.mean_) ** 2, axis=0, weights=weight)), 1e-12)
        return ((values - self.mean_) / self.spread_).astype(np.float32)

    def _train(self, x: Any, target: Any, weight: Any, seed: int) -> None:
        import torch

        optimiser = torch.optim.AdamW(self.model_.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay)
        order = torch.Generator().manual_seed(seed)
        self.model_.train()
        for _ in range(self.epochs):
            for batch in torch.randperm(len(x), generator=order).split(self.batch_size):
                out = self.model_(x[batch])
                if self.kind == "classification":
                    loss = torch.nn.functional.cross_entropy(out, target[batch], reduction="none")
                else:
                    loss = ((out - target[batch]) ** 2).mean(dim=1)
                optimiser.zero_grad()
                (loss * weight[batch]).mean().backward()
                optimiser.step()

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        return ((x - self.center_) / self.scale_).astype(np.float32)


def _dense(features: Any) -> np.ndarray:
    """(n, d) float64. Raises ValueError for too many sparse cells and for missing values."""
    if issparse(features):
        if features.shape[0] * features.shape[1] > _MOST_DENSE:
            raise ValueError(f"{features.shape[0]} x {features.shape[1]} sparse features are too many to be made dense: reduce them (SVD, selection)")
        features = features.toarray()
    x = np.asarray(features, dtype=float)
    if not np.isfinite(x).all():
        raise ValueError(f"{int((~np.isfinite(x)).sum())} feature values are missing or infinite: impute them in fit() and inputs()")
    return x
