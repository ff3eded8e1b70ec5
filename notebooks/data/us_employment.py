"""Make us_employment.csv: monthly employment in the United States, 2006 to 2015.

python notebooks/data/us_employment.py [FOLDER]
"""

from fetch import Archive, keep_licence, only, opened, read_csv, read_json, save_csv

PACKAGE = Archive(
    "vega_datasets",
    "0.9.0",
    "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d",
)
NAME = "us-employment"


def main() -> None:
    with opened(PACKAGE) as files:
        save_csv(__file__, read_csv(only(files, f"{NAME}.csv")))
        about = read_json(only(files, "dataset_info.json"))[NAME]
        own = only(files, "*.dist-info/LICENSE").read_text("utf-8")
    text = "\n".join([about["description"], "", *about["references"]])
    keep_licence(NAME, f"{text}\n\nThe package vega_datasets:\n\n{own}")


if __name__ == "__main__":
    main()
