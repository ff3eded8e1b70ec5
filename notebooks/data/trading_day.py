"""Make trading_day.json: a day of an invented share, with planted changes of regime.

    python notebooks/data/trading_day.py [FOLDER]

A window holds 24 ticks, ten seconds apart. Its regime is calm, rising, falling or
rough; regimes last four to nine windows. Headlines of the day stand beside: one before
each change to an unquiet regime, its cause, and others that cause nothing.
"""

from random import Random
from typing import Any

from fetch import save_json

SEED, WINDOWS, TICKS = 13, 80, 24
#: Regime → drift and spread of a tick's step, and usual volume.
REGIMES = {
    "calm": (0.0, 0.02, 40),
    "rising": (0.05, 0.03, 90),
    "falling": (-0.05, 0.03, 90),
    "rough": (0.0, 0.16, 140),
}
CAUSES = {
    "rising": (
        "Tarn Energy wins a contract for three wind farms",
        "A fund says that it holds six per cent of Tarn Energy",
        "Tarn Energy raises its dividend",
        "Regulator approves Tarn Energy's new line",
    ),
    "falling": (
        "Tarn Energy stops a turbine after cracks were found",
        "Tarn Energy cuts its forecast of profit",
        "Court halts a solar park of Tarn Energy",
        "Tarn Energy's finance chief leaves",
    ),
    "rough": (
        "Reports differ on a bid for Tarn Energy",
        "The exchange checks trades in Tarn Energy",
        "Tarn Energy neither confirms nor denies talks on a merger",
        "Ministry to speak on the price of power at an open hour",
    ),
}
OTHERS = (
    "Bakers ask for cheaper flour",
    "Port of Oster reopens after a storm",
    "Bank of Lund keeps its rate",
    "Mobile makers ship fewer phones",
    "Rail strike called off",
    "Record crowd at the book fair",
)


def regimes(chance: Random) -> list[str]:
    """Return the regime of each window; neighbours in time differ by segments."""
    found: list[str] = []
    while len(found) < WINDOWS:
        last = found[-1] if found else ""
        name = chance.choice([one for one in REGIMES if one != last])
        found += [name] * chance.randint(4, 9)
    return found[:WINDOWS]


def clock(window: int) -> str:
    minutes = 9 * 60 + 30 + 4 * window
    return f"{minutes // 60:02}:{minutes % 60:02}"


def ticks(chance: Random, regime: str, price: float) -> tuple[list[float], list[int]]:
    """Return prices and volumes of a window that follows a price."""
    drift, spread, usual = REGIMES[regime]
    prices, volumes = [], []
    for _tick in range(TICKS):
        # The sum of three draws is near enough to a bell, and the same everywhere.
        noise = sum(chance.uniform(-1, 1) for _ in range(3))
        price = max(1.0, price + drift + spread * noise)
        prices.append(round(price, 2))
        volumes.append(max(1, round(usual * chance.uniform(0.6, 1.4))))
    return prices, volumes


def main() -> None:
    chance = Random(SEED)
    names = regimes(chance)
    causes = {name: list(texts) for name, texts in CAUSES.items()}
    windows: list[dict[str, Any]] = []
    news: list[dict[str, Any]] = []
    price = 48.0
    for n, regime in enumerate(names):
        prices, volumes = ticks(chance, regime, price)
        price = prices[-1]
        window = {"window": n, "time": clock(n), "regime": regime}
        windows.append(window | {"prices": prices, "volumes": volumes})
        if n and regime != names[n - 1] and causes.get(regime):
            headline = causes[regime].pop(0)
            news.append({"time": clock(n - 1), "headline": headline, "window": n})
    for n, headline in enumerate(OTHERS):
        news.append({"time": clock(6 + 13 * n), "headline": headline, "window": None})
    news.sort(key=lambda one: str(one["time"]))
    save_json(__file__, {"share": "Tarn Energy", "windows": windows, "news": news})


if __name__ == "__main__":
    main()
