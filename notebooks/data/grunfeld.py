"""Make grunfeld.csv: investment, value and capital of 11 firms, 1935 to 1954.

python notebooks/data/grunfeld.py [FOLDER]
"""

from macrodata import make

if __name__ == "__main__":
    make(__file__, "grunfeld")
