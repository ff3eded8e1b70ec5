"""Importing this module adds the verbs to pandas: `df.glm` and `series.glm`."""

from __future__ import annotations

import pandas as pd

from glmkit.tables.accessor import Verbs
from glmkit.tables.plan import Plan

__all__ = ["Plan", "Verbs"]

if getattr(pd.DataFrame, "glm", None) is not Verbs:
    pd.api.extensions.register_dataframe_accessor("glm")(Verbs)
    pd.api.extensions.register_series_accessor("glm")(Verbs)
