"""What is asked: task files, splits and scorers."""

from fnopt.tasks.scorers import Scorer, scorer
from fnopt.tasks.splits import Splits, load

__all__ = ["Scorer", "Splits", "load", "scorer"]
