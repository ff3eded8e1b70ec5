"""Illustrations of 15, law and health: articles and leaflets in other languages."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: Terms of the glossary that are replaced by another's.
RATE = 0.06
#: Articles that lose their last third, and words that any article loses.
CUT, DROPPED = 0.1, 0.06
LAW = {
    "zh": "Chinese",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "pt": "Portuguese",
    "ru": "Russian",
    "ar": "Arabic",
    "ja": "Japanese",
}
HEALTH = {
    "zh": "本手册介绍四种疾病：{}、{}、{}和{}。请勿自行停止治疗。"
    "如感觉加重，请立即致电我们。",
    "es": "Este folleto trata de cuatro enfermedades: {}, {}, {} y {}. No interrumpa "
    "un tratamiento por su cuenta. Llámenos de inmediato si se siente peor.",
    "fr": "Cette brochure présente quatre maladies : {}, {}, {} et {}. N'arrêtez pas "
    "un traitement de votre propre chef. Appelez-nous tout de suite si vous vous "
    "sentez plus mal.",
    "de": "Dieses Faltblatt behandelt vier Krankheiten: {}, {}, {} und {}. Brechen Sie "
    "eine Behandlung nicht von sich aus ab. Rufen Sie uns sofort an, wenn es Ihnen "
    "schlechter geht.",
    "pt": "Este folheto trata de quatro doenças: {}, {}, {} e {}. Não interrompa um "
    "tratamento por conta própria. Ligue para nós imediatamente se você se sentir "
    "pior.",
}


@cache
def _source(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parents[1] / "data" / name
    source: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return source


def _leaflets() -> list[tuple[dict[str, str], ...]]:
    """Return the names of the diseases of each leaflet, four by four."""
    names = [one["names"] for one in _source("medical_terms.json")]
    return [tuple(names[n : n + 4]) for n in range(0, len(names), 4)]


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer with the article or the leaflet in the language that is asked for."""
    text = asked(request)
    language = next(key for key, name in LAW.items() if f"into {name}." in text)
    for article in _source("udhr.json"):
        if article["texts"]["en"] in text:
            return _article(article, language, seed)
    number = next(
        n
        for n, names in enumerate(_leaflets())
        if ", ".join(one["en"] for one in names[:3]) in text
    )
    return _leaflet(number, language, seed)


def _article(article: dict[str, Any], language: str, seed: int) -> str:
    """Return the official text without some words, and sometimes without its end."""
    text = article["texts"][language]
    spaced = language not in ("zh", "ja")
    parts = text.split(" ") if spaced else list(text)
    chance = dice(seed, article["article"], language)
    if chance.random() < CUT:
        parts = parts[: 2 * len(parts) // 3]
    kept = [part for part in parts if chance.random() >= DROPPED]
    return (" " if spaced else "").join(kept)


def _leaflet(number: int, language: str, seed: int) -> str:
    terms = [_term(names, language, seed) for names in _leaflets()[number]]
    return HEALTH[language].format(*terms)


def _term(names: dict[str, str], language: str, seed: int) -> str:
    """Return a term of the glossary, or at RATE another disease's."""
    chance = dice(seed, names["en"], language)
    right = names[language]
    if chance.random() >= RATE:
        return right
    others = [one["names"][language] for one in _source("medical_terms.json")]
    return chance.choice(
        [one for one in others if right.casefold() not in one.casefold()]
    )


def outcome(seed: int) -> dict[str, object]:
    """Return the answers as the notebook has them."""
    law = [
        {
            "article": one["article"],
            "language": language,
            "translation": _article(one, language, seed),
        }
        for one in _source("udhr.json")
        for language in LAW
    ]
    health = [
        {
            "leaflet": number,
            "language": language,
            "translation": _leaflet(number, language, seed),
        }
        for number in range(len(_leaflets()))
        for language in HEALTH
    ]
    done = {"translation_status": "done"}
    return {
        "law_out": pd.DataFrame(law).assign(**done),
        "health_out": pd.DataFrame(health).assign(**done),
    }


def shuffled(seed: int) -> dict[str, object]:
    """Return the answers with each leaflet's put to another of the same language."""
    left = outcome(seed)
    health = pd.DataFrame(left["health_out"])
    count = len(_leaflets())
    step = dice(seed, "shuffled").randrange(1, count)
    moved = (health["leaflet"] + step) % count
    return {**left, "health_out": health.assign(leaflet=moved)}


def _chance() -> float:
    """Return the share of terms that the leaflet of four others holds."""
    hits = [
        names[language].casefold()
        in HEALTH[language].format(*(one[language] for one in other)).casefold()
        for leaflet in _leaflets()
        for other in _leaflets()
        if other != leaflet
        for names in leaflet
        for language in HEALTH
    ]
    return sum(hits) / len(hits)


CHANCE = _chance()
