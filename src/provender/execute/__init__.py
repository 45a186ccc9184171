"""Execute: runs jobs in warm, confined processes. Knows nothing of loaders, guards or learners."""

from .blob import Blob
from .ending import Ending, JobEnded
from .executor import Executor, available_levels, open_executor
from .job import Job, Level, Limits
from .session import Session

__all__ = [
    "Blob", "Ending", "Executor", "Job", "JobEnded", "Level", "Limits", "Session", "available_levels", "open_executor",
]  # fmt: skip
