"""The output of an answer: rendered while it grows, its views, its badge."""

from glmkit.render.answer.live import TICK_S, Rendering, rendering_of

__all__ = ["TICK_S", "Rendering", "rendering_of"]
