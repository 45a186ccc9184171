"""The fixed pipeline: loader job, guard, learner job, score; admission of external data; proof of a gain."""
