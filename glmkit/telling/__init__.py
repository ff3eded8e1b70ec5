"""What a reply tells a person: its answer as it grows, its views, its badge."""

from glmkit.telling.folding import Telling, told

__all__ = ["Telling", "told"]
