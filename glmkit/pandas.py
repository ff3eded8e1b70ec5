"""Importing this module adds the verbs to pandas: `df.glm` and `series.glm`."""

from __future__ import annotations

from glmkit.tables.accessor import TableVerbs as TableVerbs, register
from glmkit.tables.plan import Plan as Plan

__all__ = ["Plan", "TableVerbs"]

register()
