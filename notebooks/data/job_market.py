"""Make job_market.json: 40 adverts and 40 CVs whose skills are told, not named.

    python notebooks/data/job_market.py [FOLDER]

Everything is made up: employers, people, and salaries, which are drawn by a seed and say
nothing of any market. A CV fits one advert of its shortlist of eight in all four skills;
the seven others share at most two with it.
"""
# ruff: noqa: E501 - a sentence stands on one line

from random import Random

from fetch import save_json

SEED, COUNT, SHORTLIST, SKILLS = 11, 40, 8, 4
LETTERS = "ABCDEFGH"

#: A skill as adverts name it, and as a CV tells of it.
TOLD = {
    "SQL": "pulled the weekly sales out of three databases with queries of my own",
    "statistics": "planned a trial with two groups and worked out how sure we could be",
    "Python": "wrote scripts with pandas that replaced forty spreadsheets",
    "data visualisation": "drew the charts that the board looks at every Monday",
    "bookkeeping": "closed the ledgers of four companies each month",
    "payroll": "paid two hundred colleagues on time, taxes and all",
    "negotiation": "got eleven suppliers to lower their prices",
    "public speaking": "talked to halls of three hundred people without notes",
    "copywriting": "found the words for our adverts and product pages",
    "search engine optimisation": "brought our shop from page five of the results to the first",
    "welding": "joined steel frames that passed every X-ray",
    "technical drawing": "turned sketches into plans that the workshop could build from",
    "forklift driving": "moved pallets on the night shift, with a licence and no accident",
    "inventory control": "counted what was on the shelves and made the books agree",
    "route planning": "ordered the stops of thirty vans so that each came home earlier",
    "first aid": "was the one who was called when somebody fainted",
    "nursing": "looked after twelve beds on a surgical ward",
    "teaching": "took a class of twenty-five from fractions to algebra",
    "German": "spoke with our partners in Hamburg and Vienna in their own tongue",
    "Spanish": "answered letters from Madrid and Lima without a dictionary",
    "project management": "kept nine people, a budget and a date together",
    "recruiting": "read applications and found six engineers in a spring",
    "customer support": "calmed callers and solved what troubled them",
    "network administration": "kept routers and switches of four offices alive",
}
TITLES = ("officer", "assistant", "lead", "specialist", "coordinator")
SECTORS = (
    "manufacturing",
    "retail",
    "transport",
    "information",
    "finance",
    "health",
    "leisure",
    "construction",
)
NAMES = ("Ada", "Bram", "Chen", "Dina", "Emre", "Faye", "Goran", "Hana", "Ivo", "Jun")


def drawn(chance: Random, pool: list[str], count: int) -> list[str]:
    """Return items of a pool, each once, in the order of the draw."""
    rest = list(pool)
    return [rest.pop(chance.randrange(len(rest))) for _ in range(count)]


def adverts(chance: Random) -> list[dict[str, object]]:
    """Return adverts no two of which share more than two skills."""
    found: list[dict[str, object]] = []
    taken: list[set[str]] = []
    while len(found) < COUNT:
        skills = drawn(chance, list(TOLD), SKILLS)
        if any(len(other & set(skills)) > 2 for other in taken):
            continue
        taken.append(set(skills))
        sector = chance.choice(SECTORS)
        found.append(
            {
                "advert": f"J{len(found) + 1:02}",
                "title": f"{skills[0]} {chance.choice(TITLES)}",
                "sector": sector,
                "skills": skills,
                "salary": 30_000 + 500 * chance.randint(0, 80),
            }
        )
    return found


def people(chance: Random, offers: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return a CV for each advert, with a shortlist that holds it."""
    found = []
    for place, offer in enumerate(offers):
        told = [TOLD[skill] for skill in drawn(chance, list(offer["skills"]), SKILLS)]  # type: ignore[call-overload]
        others = [o["advert"] for o in offers if o is not offer]
        short = drawn(chance, others, SHORTLIST - 1)  # type: ignore[arg-type]
        right = chance.randrange(SHORTLIST)
        short.insert(right, str(offer["advert"]))
        name = f"{NAMES[place % len(NAMES)]} {chr(65 + place % 26)}."
        years = chance.randint(2, 20)
        text = f"{name}, {years} years of work. I {'; I '.join(told)}."
        found.append(
            {
                "person": f"P{place + 1:02}",
                "cv": text,
                "shortlist": short,
                "right": LETTERS[right],
            }
        )
    return found


def main() -> None:
    chance = Random(SEED)
    offers = adverts(chance)
    save_json(__file__, {"adverts": offers, "people": people(chance, offers)})


if __name__ == "__main__":
    main()
