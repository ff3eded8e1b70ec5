"""Importing this module adds the verbs to pandas: `df.glm` and `series.glm`."""

from __future__ import annotations

import pandas as pd

from glmkit.tables.accessor import TableVerbs
from glmkit.tables.plan import Plan

__all__ = ["Plan", "TableVerbs"]

if getattr(pd.DataFrame, "glm", None) is not TableVerbs:
    pd.api.extensions.register_dataframe_accessor("glm")(TableVerbs)
    pd.api.extensions.register_series_accessor("glm")(TableVerbs)
