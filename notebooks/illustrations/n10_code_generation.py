"""Illustrations of 10, code generation: functions, repairs, annotations."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from illustrations import asked, dice

#: First attempts that fail their tests; repairs that change nothing, annotations that
#: leave out the type of the result, and translations that are wrong.
RATE, UNMENDED, UNTYPED, MISTRANSLATED = 0.25, 0.3, 0.1, 0.25

#: A mistake for each function: what stands in the reference, and what in its place.
MISTAKES = {
    "below_zero": ("balance < 0", "balance <= 0"),
    "sum_product": ("prod_value = 1", "prod_value = 0"),
    "string_xor": ("if i == j", "if i != j"),
    "sort_numbers": (", key=lambda x: value_map[x]", ""),
    "max_element": ("if e > m", "if e < m"),
    "incr_list": ("for e in l]", "for e in l if e > 0]"),
    "same_chars": ("set(s0) == set(s1)", "sorted(s0) == sorted(s1)"),
    "circular_shift": ("return s[::-1]", "return s"),
    "smallest_change": ("len(arr) // 2", "len(arr)"),
    "add": ("range(1,", "range(0,"),
    "skjkasdkd": ("sum(int(digit) for digit in str(maxx))", "maxx"),
    "move_one_ball": ("arr[min_index:]+arr[0:min_index]", "arr"),
    "histogram": ("list1.count(i)==t)", "list1.count(i)==t and not dict1)"),
    "maximum": ("arr.sort()", "arr.sort(reverse=True)"),
    "split_words": ("ord(i)%2 == 0", "ord(i)%2 == 1"),
    "intersection": ("length = r - l", "length = r - l + 1"),
    "can_arrange": ("ind=i\n", "ind=i-1\n"),
    "bf": ("planet1_index + 1: planet2_index", "planet1_index: planet2_index"),
    "sorted_list_sum": ("sorted(new_lst, key=len)", "new_lst"),
    "int_to_mini_roman": ("res.lower()", "res"),
}
#: Types of the arguments and of the result, and what the function does.
TYPES = {
    "below_zero": (
        "operations: list[int]",
        "bool",
        "whether the balance falls below 0",
    ),
    "sum_product": ("numbers: list[int]", "tuple[int, int]", "the sum and the product"),
    "string_xor": ("a: str, b: str", "str", "the bitwise XOR of two binary strings"),
    "sort_numbers": ("numbers: str", "str", "the number words in order of size"),
    "max_element": ("l: list[int]", "int", "the largest element"),
    "incr_list": ("l: list[int]", "list[int]", "the elements, each one larger"),
    "same_chars": ("s0: str, s1: str", "bool", "whether both use the same characters"),
    "circular_shift": ("x: int, shift: int", "str", "the digits, shifted to the right"),
    "smallest_change": ("arr: list[int]", "int", "how many changes make a palindrome"),
    "add": ("lst: list[int]", "int", "the sum of even elements at odd indices"),
    "skjkasdkd": ("lst: list[int]", "int", "the digit sum of the largest prime"),
    "move_one_ball": ("arr: list[int]", "bool", "whether right shifts can sort it"),
    "histogram": ("test: str", "dict[str, int]", "the most frequent letters"),
    "maximum": ("arr: list[int], k: int", "list[int]", "the k largest, in order"),
    "split_words": ("txt: str", "list[str] | int", "the words, or a count of letters"),
    "intersection": (
        "interval1: tuple[int, int], interval2: tuple[int, int]",
        "str",
        "YES where the length of the intersection is prime",
    ),
    "can_arrange": ("arr: list[int]", "int", "the last index that breaks the order"),
    "bf": ("planet1: str, planet2: str", "tuple[str, ...]", "the planets between two"),
    "sorted_list_sum": ("lst: list[str]", "list[str]", "words of even length, sorted"),
    "int_to_mini_roman": ("number: int", "str", "the lower-case roman numeral"),
}
#: Programs in other languages; the mistake of each is made by replacing a part.
TRANSLATED = {
    ("max_element", "JavaScript"): (
        "function max_element(l) {\n  return Math.max(...l);\n}",
        ("max(", "min("),
    ),
    ("max_element", "Java"): (
        "static int max_element(int[] l) {\n    int m = l[0];\n"
        "    for (int e : l) if (e > m) m = e;\n    return m;\n}",
        ("e > m", "e < m"),
    ),
    ("smallest_change", "JavaScript"): (
        "function smallest_change(arr) {\n  let changes = 0;\n"
        "  for (let i = 0; i < Math.floor(arr.length / 2); i++)\n"
        "    if (arr[i] !== arr[arr.length - 1 - i]) changes++;\n  return changes;\n}",
        ("Math.floor(arr.length / 2)", "arr.length"),
    ),
    ("smallest_change", "Java"): (
        "static int smallest_change(int[] arr) {\n    int changes = 0;\n"
        "    for (int i = 0; i < arr.length / 2; i++)\n"
        "        if (arr[i] != arr[arr.length - 1 - i]) changes++;\n"
        "    return changes;\n}",
        ("arr.length / 2", "arr.length"),
    ),
    ("int_to_mini_roman", "JavaScript"): (
        "function int_to_mini_roman(number) {\n"
        "  const values = [1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1];\n"
        '  const signs = ["m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v",'
        ' "iv", "i"];\n'
        '  let text = "";\n'
        "  values.forEach((value, n) => {\n"
        "    for (; number >= value; number -= value) text += signs[n];\n"
        "  });\n  return text;\n}",
        ("number >= value", "number > value"),
    ),
    ("int_to_mini_roman", "Java"): (
        "static String int_to_mini_roman(int number) {\n"
        "    int[] values = {1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1};\n"
        '    String[] signs = {"m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix",'
        ' "v", "iv", "i"};\n'
        '    String text = "";\n'
        "    for (int n = 0; n < values.length; n++)\n"
        "        for (; number >= values[n]; number -= values[n]) text += signs[n];\n"
        "    return text;\n}",
        ("number >= values[n]", "number > values[n]"),
    ),
}


@cache
def tasks() -> dict[str, dict[str, str]]:
    """Return the tasks by the name of their function."""
    path = Path(__file__).parents[1] / "data/programming_tasks.json"
    return {one["entry_point"]: one for one in json.loads(path.read_text("utf-8"))}


def reply(request: dict[str, Any], seed: int) -> str:
    """Answer with a program, by what the prompt asks for."""
    text = asked(request)
    if wanted := re.search(r"Write this Python function in (\w+)", text):
        (name,) = (one for one in tasks() if tasks()[one]["prompt"] in text)
        language = wanted[1]
        return f"```{language.lower()}\n{translated(name, language, seed)}\n```"
    if text.startswith("Add type annotations"):
        (name,) = (one for one in tasks() if f"def {one}(" in text)
        return _block(annotated(name, seed))
    (name,) = (one for one in tasks() if tasks()[one]["prompt"] in text)
    if "fails this test" in text:
        return _block(function(name, wrong=_stays_wrong(name, seed)))
    return _block(function(name, wrong=_is_wrong(name, seed)))


def _block(code: str) -> str:
    return f"```python\n{code}\n```"


def function(name: str, *, wrong: bool) -> str:
    """Return a function of the tasks: the reference, or with its mistake."""
    task = tasks()[name]
    head = task["prompt"].partition('"""')[0].partition("'''")[0].rstrip()
    body = task["solution"].rstrip()
    if wrong:
        old, new = MISTAKES[name]
        body = f"{body}\n".replace(old, new, 1).rstrip()
    return f"{head.lstrip()}\n{body.lstrip(chr(10))}"


def annotated(name: str, seed: int) -> str:
    """Return a function with types and a docstring."""
    arguments, result, does = TYPES[name]
    arrow = "" if _untyped(name, seed) else f" -> {result}"
    body = tasks()[name]["solution"].strip("\n")
    return f'def {name}({arguments}){arrow}:\n    """Return {does}."""\n{body}'


def translated(name: str, language: str, seed: int) -> str:
    """Return a function in another language."""
    code, (old, new) = TRANSLATED[name, language]
    wrong = dice(seed, name, language).random() < MISTRANSLATED
    return code.replace(old, new, 1) if wrong else code


def _is_wrong(name: str, seed: int) -> bool:
    return dice(seed, name, "attempt").random() < RATE


def _stays_wrong(name: str, seed: int) -> bool:
    return dice(seed, name, "repair").random() < UNMENDED


def _untyped(name: str, seed: int) -> bool:
    return dice(seed, name, "annotated").random() < UNTYPED


def outcome(seed: int) -> dict[str, object]:
    """Return what passes its tests, as the notebook finds it."""
    rows = []
    for name in tasks():
        attempt = not _is_wrong(name, seed)
        repaired = attempt or not _stays_wrong(name, seed)
        typed = not _untyped(name, seed) if repaired else None
        rows.append((name, True, attempt, repaired, typed))
    columns = ["function", "reference", "attempt", "repaired", "annotated"]
    return {"passed": pd.DataFrame(rows, columns=columns).set_index("function")}


def shuffled(seed: int) -> dict[str, object]:
    """Return the same where each task gets the function of another."""
    passed = pd.DataFrame(outcome(seed)["passed"])
    names = list(passed.index)
    dice(seed, "shuffled").shuffle(names)
    same = [name == other for name, other in zip(passed.index, names, strict=True)]
    stages = ["attempt", "repaired"]
    passed[stages] = passed[stages].to_numpy() & [[one] * 2 for one in same]
    passed["annotated"] = None
    return {"passed": passed}


#: A function passes the tests of another task only where that is its own.
CHANCE = (1 - RATE) / len(MISTAKES)
