"""Make cars.json: fact sheets of 36 cars that do not exist, to be advertised.

    python notebooks/data/cars.py [FOLDER]

No model knows these cars, so a number in a text is on the sheet or it is invented. The
sheets hang together: power, mass and battery decide acceleration, range and price.
"""

import random

from fetch import save_json

SEED = 4
COUNT = 36
MAKES = ("Alderney", "Brevik", "Corvane", "Duveen", "Estrela", "Fenwick")
MODELS = (
    *("Aria", "Basalt", "Cirrus", "Delta", "Ember", "Fjord", "Gale", "Heron", "Iris"),
    *("Juno", "Kestrel", "Lyra", "Maple", "Nimbus", "Onyx", "Petrel", "Quartz"),
)
#: Body → its seats, mass in kg, boot in litres and length in mm.
BODIES = {
    "city car": (4, 1050, 240, 3600),
    "hatchback": (5, 1300, 360, 4250),
    "saloon": (5, 1500, 480, 4700),
    "estate": (5, 1580, 610, 4750),
    "crossover": (5, 1650, 520, 4500),
    "van": (8, 1950, 980, 5100),
}
DRIVES = ("electric", "hybrid", "petrol")
#: Kilowatts per tonne of the three trims.
TRIMS = {"Core": 60, "Plus": 80, "Sport": 110}
COLOURS = ("chalk", "graphite", "moss", "copper", "night blue", "signal red", "sand")
SAFETY = (
    *("lane keeping", "blind spot warning", "emergency braking", "rear camera"),
    *("adaptive cruise control", "parking sensors", "driver attention warning"),
)

Sheet = dict[str, object]


def sheet(name: str, draw: random.Random) -> Sheet:
    body, drive = draw.choice(list(BODIES)), draw.choice(DRIVES)
    trim = draw.choice(list(TRIMS))
    seats, mass, boot, length = BODIES[body]
    mass = near(mass * (1.2 if drive == "electric" else 1), 10, draw)
    power = near(mass / 1000 * TRIMS[trim], 1, draw)
    return {
        "name": f"{name} {trim}",
        "year": draw.choice((2024, 2025, 2026)),
        "body": body,
        "drive": drive,
        "seats": seats,
        "doors": 3 if body == "city car" else 5,
        "power_kw": power,
        "mass_kg": mass,
        "length_mm": near(length, 5, draw),
        "boot_litres": near(boot, 5, draw),
        "top_speed_kmh": near(105 + 0.75 * power, 5, draw),
        "seconds_to_100_kmh": round(3 + 0.46 * mass / power, 1),
        **energy(drive, mass, draw),
        "price_eur": near(5200 + 9 * mass + 95 * power, 50, draw),
        "warranty_years": draw.choice((3, 5, 7)),
        "safety": sorted(draw.sample(SAFETY, 4)),
        "colours": sorted(draw.sample(COLOURS, 3)),
    }


def energy(drive: str, mass: int, draw: random.Random) -> Sheet:
    """Return what a drive takes, for 100 km and in all."""
    if drive == "electric":
        battery = near(mass * 0.036, 1, draw)
        use = round(8.5 + mass / 220, 1)
        return {
            "battery_kwh": battery,
            "kwh_per_100_km": use,
            "range_km": round(battery / use * 100),
            "minutes_from_10_to_80_percent": near(32, 1, draw),
        }
    litres = round((2.6 if drive == "hybrid" else 4.1) + mass / 900, 1)
    tank = near(36 + mass / 100, 1, draw)
    return {
        "tank_litres": tank,
        "litres_per_100_km": litres,
        "range_km": round(tank / litres * 100),
    }


def near(value: float, step: int, draw: random.Random) -> int:
    """Return a value within 6 % of another, on a grid."""
    return round(value * draw.uniform(0.94, 1.06) / step) * step


def main() -> None:
    draw = random.Random(SEED)
    names = [f"{make} {model}" for make in MAKES for model in MODELS]
    save_json(__file__, [sheet(name, draw) for name in draw.sample(names, COUNT)])


if __name__ == "__main__":
    main()
