"""The gallery of notebooks: the data that they read.

from glmkit.gallery import data_file
data_file("legal_licences.json")
"""

from __future__ import annotations

from glmkit.notebook.gallery_data import data_file as data_file

__all__ = ["data_file"]
