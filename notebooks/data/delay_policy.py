"""Make delay_policy.json: the rules of an invented airline on flights that leave late.

python notebooks/data/delay_policy.py [FOLDER]
"""

from fetch import save_json

RULES = (
    (
        "P1",
        "Grades of delay risk",
        "A flight day is graded low, moderate or high by the share of flights that is "
        "expected to leave over 30 minutes late: low under 8 percent, moderate from 8 "
        "to 18 percent, high above 18 percent.",
    ),
    (
        "P2",
        "Low risk",
        "On a day of low risk the timetable stands, and no passengers are informed.",
    ),
    (
        "P3",
        "Moderate risk",
        "On a day of moderate risk two reserve crews stand by, and passengers with "
        "connections under one hour are informed by noon.",
    ),
    (
        "P4",
        "High risk",
        "On a day of high risk passengers may rebook without a fee, four reserve crews "
        "stand by, and every third short flight is merged with the next.",
    ),
    (
        "P5",
        "Rain and storms",
        "Rain over several hours slows departures more than cold does. Four hours of "
        "rain or more are a sign of high risk.",
    ),
    (
        "P6",
        "Visibility",
        "Visibility under one mile doubles the distance between arriving aircraft and "
        "is a sign of at least moderate risk.",
    ),
    (
        "P7",
        "Wind",
        "Gusts above 35 miles an hour close one runway of an airport with crossing "
        "runways.",
    ),
    (
        "P8",
        "Full days",
        "Fridays, and the days before public holidays, have little room to recover a "
        "delay.",
    ),
)


def main() -> None:
    names = ("code", "title", "text")
    save_json(__file__, [dict(zip(names, rule, strict=True)) for rule in RULES])


if __name__ == "__main__":
    main()
