"""What a reply tells a person: its answer as it grows, its views, its badge."""

from glmkit.render.answer.live import TICK_S, Telling, told

__all__ = ["TICK_S", "Telling", "told"]
