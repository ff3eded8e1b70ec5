"""Make persuasion_relations.json: 25 pairs of Persuasion who are related, and 25 not.

    python notebooks/data/persuasion_relations.py [FOLDER]

The key was written for the gallery by reading the novel: how two persons stand to each
other in the course or at the end of it.
"""

from fetch import save_json

#: One, other, and how they stand to each other.
RELATED = (
    ("Anne Elliot", "Sir Walter Elliot", "parent"),
    ("Elizabeth Elliot", "Sir Walter Elliot", "parent"),
    ("Mary Musgrove", "Sir Walter Elliot", "parent"),
    ("Anne Elliot", "Elizabeth Elliot", "sibling"),
    ("Anne Elliot", "Mary Musgrove", "sibling"),
    ("Charles Musgrove", "Mary Musgrove", "spouse"),
    ("Charles Musgrove", "Louisa Musgrove", "sibling"),
    ("Charles Musgrove", "Henrietta Musgrove", "sibling"),
    ("Henrietta Musgrove", "Louisa Musgrove", "sibling"),
    ("Captain Wentworth", "Mrs Croft", "sibling"),
    ("Admiral Croft", "Mrs Croft", "spouse"),
    ("Captain Harville", "Fanny Harville", "sibling"),
    ("Captain Benwick", "Fanny Harville", "engaged"),
    ("Captain Benwick", "Louisa Musgrove", "engaged"),
    ("Charles Hayter", "Henrietta Musgrove", "engaged"),
    ("Charles Hayter", "Charles Musgrove", "cousin"),
    ("Anne Elliot", "Captain Wentworth", "engaged"),
    ("Anne Elliot", "Lady Russell", "friend"),
    ("Anne Elliot", "Mrs Smith", "friend"),
    ("Mr Shepherd", "Mrs Clay", "parent"),
    ("Elizabeth Elliot", "Mrs Clay", "friend"),
    ("Lady Dalrymple", "Miss Carteret", "parent"),
    ("Anne Elliot", "William Elliot", "cousin"),
    ("Captain Harville", "Captain Wentworth", "friend"),
    ("Captain Benwick", "Captain Harville", "friend"),
)
#: Pairs who have nothing to do with each other.
UNRELATED = (
    ("Admiral Croft", "Mrs Smith"),
    ("Louisa Musgrove", "Mrs Smith"),
    ("Captain Benwick", "Lady Dalrymple"),
    ("Henrietta Musgrove", "Miss Carteret"),
    ("Captain Wentworth", "Mr Shepherd"),
    ("Captain Harville", "Mrs Clay"),
    ("Charles Hayter", "Sir Walter Elliot"),
    ("Captain Benwick", "Elizabeth Elliot"),
    ("Louisa Musgrove", "William Elliot"),
    ("Admiral Croft", "William Elliot"),
    ("Fanny Harville", "Lady Russell"),
    ("Charles Hayter", "Mrs Smith"),
    ("Henrietta Musgrove", "Mr Shepherd"),
    ("Lady Dalrymple", "Mrs Croft"),
    ("Charles Hayter", "Miss Carteret"),
    ("Henrietta Musgrove", "Mrs Clay"),
    ("Charles Hayter", "Mrs Clay"),
    ("Elizabeth Elliot", "Fanny Harville"),
    ("Captain Benwick", "Sir Walter Elliot"),
    ("Fanny Harville", "William Elliot"),
    ("Charles Hayter", "William Elliot"),
    ("Henrietta Musgrove", "Mrs Smith"),
    ("Lady Dalrymple", "Louisa Musgrove"),
    ("Fanny Harville", "Miss Carteret"),
    ("Captain Benwick", "Mr Shepherd"),
)
#: What a chapter must say for a person to be in it.
NAMES = {
    "Admiral Croft": "Admiral",
    "Anne Elliot": "Anne",
    "Captain Benwick": "Benwick",
    "Captain Harville": "Captain Harville",
    "Captain Wentworth": "Captain Wentworth|Frederick",
    "Charles Hayter": "Hayter",
    "Charles Musgrove": "Charles Musgrove|Charles",
    "Elizabeth Elliot": "Elizabeth",
    "Fanny Harville": "Fanny Harville|Fanny",
    "Henrietta Musgrove": "Henrietta",
    "Lady Dalrymple": "Dalrymple",
    "Lady Russell": "Lady Russell",
    "Louisa Musgrove": "Louisa",
    "Mary Musgrove": "Mary",
    "Miss Carteret": "Carteret",
    "Mr Shepherd": "Shepherd",
    "Mrs Clay": "Mrs Clay|Penelope",
    "Mrs Croft": "Mrs Croft",
    "Mrs Smith": "Mrs Smith",
    "Sir Walter Elliot": "Sir Walter",
    "William Elliot": "Mr Elliot",
}

if __name__ == "__main__":
    pairs = [
        *({"pair": [one, other], "kind": kind} for one, other, kind in RELATED),
        *({"pair": list(pair), "kind": None} for pair in UNRELATED),
    ]
    save_json(__file__, {"names": NAMES, "pairs": pairs})
