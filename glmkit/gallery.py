"""The gallery of notebooks: the data that they read, and the load test of one.

from glmkit.gallery import data_file
data_file("legal_licences.json")
"""

from __future__ import annotations

from glmkit.notebook.gallery_data import data_file as data_file
from glmkit.notebook.load_test import (
    SimulatedUser as SimulatedUser,
    load_test as load_test,
)

__all__ = ["SimulatedUser", "data_file", "load_test"]
