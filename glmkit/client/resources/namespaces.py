"""Endpoints of a client beside chat, in namespaces."""

from __future__ import annotations

from typing import TypeVar

from glmkit.client.resources.agents import Agents
from glmkit.client.resources.assistants import Assistants
from glmkit.client.resources.audio import Audio, Voices
from glmkit.client.resources.batches import Batches
from glmkit.client.resources.client_methods import Verbs
from glmkit.client.resources.documents import Documents
from glmkit.client.resources.files import Files
from glmkit.client.resources.fine_tuning import FineTuning
from glmkit.client.resources.images import Images
from glmkit.client.resources.knowledge import Knowledge
from glmkit.client.resources.media import MediaFile
from glmkit.client.resources.sync_async import Awaited, F, Namespace
from glmkit.client.resources.tasks import Tasks
from glmkit.client.resources.videos import Videos

M = TypeVar("M", bound=MediaFile)

_RECENCY = ("oneDay", "oneWeek", "oneMonth", "oneYear", "noLimit")


class Endpoints(Verbs[F]):
    """Methods and namespaces of Client and AsyncClient.

    The Realtime API (WebSocket) and the console's model evaluation are not part.
    """

    def _awaited(self) -> Namespace[Awaited]:
        return Endpoints[Awaited](self._caller, blocking=False)

    @property
    def tasks(self) -> Tasks[F]:
        """Chats that are submitted now and fetched later."""
        return Tasks(self._caller, blocking=self._blocking)

    @property
    def images(self) -> Images[F]:
        """Image generation."""
        return Images(self._caller, blocking=self._blocking)

    @property
    def videos(self) -> Videos[F]:
        """Video generation."""
        return Videos(self._caller, blocking=self._blocking)

    @property
    def files(self) -> Files[F]:
        """Files at the service."""
        return Files(self._caller, blocking=self._blocking)

    @property
    def batches(self) -> Batches[F]:
        """Many requests at half the price, within about a day."""
        return Batches(self._caller, blocking=self._blocking)

    @property
    def audio(self) -> Audio[F]:
        """Speech to text, and text to speech."""
        return Audio(self._caller, blocking=self._blocking)

    @property
    def voices(self) -> Voices[F]:
        """Voices, the service's own and cloned ones."""
        return Voices(self._caller, blocking=self._blocking)

    @property
    def documents(self) -> Documents[F]:
        """Documents and handwriting converted to text."""
        return Documents(self._caller, blocking=self._blocking)

    @property
    def knowledge(self) -> Knowledge[F]:
        """Knowledge bases."""
        return Knowledge(self._caller, blocking=self._blocking)

    @property
    def agents(self) -> Agents[F]:
        """Agents by id."""
        return Agents(self._caller, blocking=self._blocking)

    @property
    def assistants(self) -> Assistants[F]:
        """Assistants, which the service has deprecated."""
        return Assistants(self._caller, blocking=self._blocking)

    @property
    def fine_tuning(self) -> FineTuning[F]:
        """Fine-tuning jobs."""
        return FineTuning(self._caller, blocking=self._blocking)
