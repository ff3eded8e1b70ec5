"""Renders an answer as an output: body, views, badge, transcript."""

from glmkit.render.answer.live import TICK_S, Rendering, rendering_of

__all__ = ["TICK_S", "Rendering", "rendering_of"]
