"""Many recipes, one comparison."""

from earmark.study.comparing import write_comparison
from earmark.study.results import RESULTS, Restored, Result, read_results, restored, result_of, write_results
from earmark.study.trainings import run_study, study_folder

__all__ = [
    "RESULTS",
    "Restored",
    "Result",
    "read_results",
    "restored",
    "result_of",
    "run_study",
    "study_folder",
    "write_comparison",
    "write_results",
]
