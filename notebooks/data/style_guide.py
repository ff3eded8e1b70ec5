"""Make style_guide.json: how an invented car dealer writes, and what it never says.

python notebooks/data/style_guide.py [FOLDER]
"""

from fetch import save_json

GUIDE = {
    "formats": {
        "post": {"most": 280, "unit": "characters", "what": "a post for a feed"},
        "slogan": {"most": 10, "unit": "words", "what": "one line for a poster"},
        "page": {"most": 90, "unit": "words", "what": "a text for a product page"},
        "mail": {"most": 100, "unit": "words", "what": "a mail to past customers"},
    },
    "banned": [
        *("unbeatable", "revolutionary", "cheap", "perfect", "dream car"),
        *("game-changing", "unique", "best in class"),
    ],
    "closing": "Take your time.",
    "paragraphs": [
        {
            "title": "Voice",
            "text": "We write as a calm neighbour who knows cars. Short sentences, no "
            "exclamation marks, no superlatives.",
        },
        {
            "title": "Numbers",
            "text": "Every number comes from the fact sheet, with its unit. Where the "
            "sheet says nothing, we say nothing.",
        },
        {
            "title": "Closing line",
            "text": "Posts end with our closing line: Take your time.",
        },
        {
            "title": "Names",
            "text": "The full name of the car stands in every text, as on the sheet.",
        },
        {
            "title": "Electric cars",
            "text": "We name range and charging time together, and never promise a "
            "range in winter.",
        },
        {
            "title": "Prices",
            "text": "A price is written with EUR before the number, and never called "
            "low.",
        },
    ],
}

if __name__ == "__main__":
    save_json(__file__, GUIDE)
