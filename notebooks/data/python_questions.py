"""Make python_questions.json: 50 questions about Python, 40 of them with an answer.

    python notebooks/data/python_questions.py [FOLDER]

The answer to each of the 40 stands in a topic of python_topics.json, in the words of
`says`, and in no other topic; `key` is what a right answer has to hold (a regular
expression). The other ten are about Python too, but no topic answers them.
"""

import re
import sys

from fetch import HERE, read_json, save_json

#: Topic, question, answer, what it has to hold, the words of the topic that say it.
ANSWERED = [
    ("assert", "Which command line option makes Python leave out assert statements?",
     "The option -O.", r"-O\b",
     'when optimization is requested (command line option "-O")'),
    ("atom-identifiers", "What becomes of the name __spam within a class named Ham?",
     "It is mangled to _Ham__spam.", "_Ham__spam",
     'will be transformed to "_Ham__spam"'),
    ("binary", "Which operator is intended for the multiplication of matrices?",
     "The operator @.", "@", "is intended to be used for matrix multiplication"),
    ("exprlists", "What does a tuple with a single item need when it is written down?",
     "A trailing comma.", "comma",
     "The trailing comma is required only to create a single tuple"),
    ("floating", "In which radix are the parts of a floating point literal read?",
     "In radix 10.", r"\b10\b|decimal|\bten\b", "always interpreted using radix 10"),
    ("specialnames", "What should __exit__ return to suppress an exception?",
     "A true value.", r"\btrue\b", "it should return a true value"),
    ("del", "Which exception does the deletion of an unbound name raise?",
     "NameError.", "NameError",
     'If the name is unbound, a "NameError" exception will be raised'),
    ("import", "Which variable of a module lists its public names for a star import?",
     "The variable __all__.", "__all__",
     'checking the module’s namespace for a variable named "__all__"'),
    ("import", "What does one leading dot mean in a relative import?",
     "The current package.", "current package",
     "One leading dot means the current package"),
    ("debugger", "Which built-in function opens the debugger since Python 3.7?",
     "The function breakpoint().", "breakpoint",
     'The built-in "breakpoint()", when called with defaults, can be used instead'),
    ("debugger", "Which files are loaded from disk when the debugger Pdb starts?",
     "The .pdbrc files.", r"\.pdbrc",
     "controls whether Pdb will load .pdbrc files from the filesystem"),
    ("execmodel", "What is the model of error handling that Python uses called?",
     "The termination model.", "termination",
     "Python uses the “termination” model of error handling"),
    ("execmodel", "Which exception ends a program without a printed stack traceback?",
     "SystemExit.", "SystemExit",
     'it prints a stack traceback, except when the exception is "SystemExit"'),
    ("power", "What type does a negative number raised to a fractional power have?",
     "It is a complex number.", "complex",
     'Raising a negative number to a fractional power results in a "complex" number'),
    ("return", "Which exception does the return of a generator function cause?",
     "StopIteration.", "StopIteration",
     'the "return" statement indicates that the generator is done and will cause '
     '"StopIteration" to be raised'),
    ("shifting", "Which special method customizes the shift to the left?",
     "The method __lshift__().", "__lshift__",
     'customized using the special "__lshift__()"'),
    ("nonlocal", "Which PEP is the specification of the nonlocal statement?",
     "PEP 3104.", "3104", "**PEP 3104** - Access to Names in Outer Scopes"),
    ("unary", "How is the bitwise inversion of x defined?",
     "As -(x+1).", r"-\s*\(\s*x\s*\+\s*1\s*\)",
     'The bitwise inversion of "x" is defined as "-(x+1)"'),
    ("compound", "Since which version may a with statement group items by parentheses?",
     "Since version 3.10.", r"3\.10",
     "Changed in version 3.10: Support for using grouping parentheses"),
    ("comparisons", "Which values are not equal to themselves?",
     "The not-a-number values.", r"not-a-number|\bnan\b",
     "not-a-number values are not equal to themselves"),
    ("compound", "Which error is a yield from inside a coroutine function?",
     "A SyntaxError.", "SyntaxError",
     'It is a "SyntaxError" to use a "yield from" expression inside the body of a '
     "coroutine function"),
    ("pass", "Which statement is a null operation, useful as a placeholder?",
     "The pass statement.", r"\bpass\b", '"pass" is a null operation'),
    ("bltin-ellipsis-object", "How many ellipsis objects are there?",
     "There is exactly one.", r"\bone\b|\b1\b|single",
     "There is exactly one ellipsis object"),
    ("specialnames", "Which method runs when an instance is called as a function?",
     "The method __call__().", "__call__",
     "Called when the instance is “called” as a function"),
    ("typesmapping", "Since which version is the order of a dictionary guaranteed?",
     "Since version 3.7.", r"3\.7",
     "Dictionary order is guaranteed to be insertion order"),
    ("string-methods", "Which string method is meant for caseless matching?",
     "The method casefold().", "casefold",
     "Casefolded strings may be used for caseless matching"),
    ("string-methods", "Which string method takes a given prefix off the string?",
     "The method removeprefix().", "removeprefix",
     "If the string starts with the *prefix* string, return"),
    ("formatstrings", "Which conversion flag of a format string calls repr()?",
     "The flag !r.", "!r", '"\'!r\'" which calls "repr()"'),
    ("typesseq", "Which sequence takes the same small amount of memory at any length?",
     "The range.", r"\brange\b", "always take the same (small) amount of memory"),
    ("specialnames", "Which method implements operator.index()?",
     "The method __index__().", "__index__", 'Called to implement "operator.index()"'),
    ("specialnames", "Which method computes the official string of an object?",
     "The method __repr__().", "__repr__",
     "compute the “official” string representation of an object"),
    ("specialnames", "Which method runs only when attribute access has failed?",
     "The method __getattr__().", r"__getattr__",
     'Called when the default attribute access fails with an "AttributeError"'),
    ("execmodel", "Which exception does a local variable raise that has no value yet?",
     "UnboundLocalError.", "UnboundLocalError",
     'an "UnboundLocalError" exception is raised'),
    ("raise", "What must follow from in a raise statement to suppress the chaining?",
     "The value None.", r"\bNone\b",
     'can be explicitly suppressed by specifying "None" in the "from" clause'),
    ("strings", "Which characters may a bytes literal contain?",
     "ASCII characters only.", "ASCII", "They may only contain ASCII characters"),
    ("imaginary", "What is the real part of an imaginary literal?",
     "It is 0.0.", r"\b0\b|zero", "yields a complex number with a real part of 0.0"),
    ("integers", "What happens to the underscores of an integer literal?",
     "They are ignored.", "ignore",
     "Underscores are ignored for determining the numeric value"),
    ("lambda", "What can a function made by a lambda expression not contain?",
     "Statements or annotations.", "statement|annotation",
     "cannot contain statements or annotations"),
    ("specialattrs", "Which attribute holds the classes of method resolution?",
     "The attribute __mro__.", "__mro__",
     "when looking for base classes during method resolution"),
    ("objects", "How does CPython find out that an object is not needed any more?",
     "By counting references.", r"referenc",
     "scheme with (optional) delayed detection of cyclically linked garbage"),
]  # fmt: skip
#: Questions that no topic answers, and a word that an answer would hold.
UNANSWERED = [
    ("Which algorithm does list.sort() use?", "timsort"),
    ("Who wrote the first version of Python?", "van rossum"),
    ("In which year was Python 3.0 released?", "2008"),
    ("How do I install a package from PyPI?", "pip install"),
    ("How much faster is Python 3.11 than Python 3.10?", "faster than python"),
    ("How do I connect to a PostgreSQL database?", "psycopg"),
    ("How do I draw a histogram of a column?", "matplotlib"),
    ("After how many milliseconds does a thread give up the global interpreter lock?",
     "global interpreter lock"),
    ("How do I set the time-out of a download over HTTP?", "urlopen"),
    ("Which line length does PEP 8 ask for?", "79 characters"),
]  # fmt: skip


def flat(text: str) -> str:
    """Return a text in one line and in small letters."""
    return re.sub(r"\s+", " ", text).lower()


def row(number: int, entry: tuple[str, ...]) -> dict[str, object]:
    topic, question, answer, key, says = entry
    if not re.search(key, answer, re.IGNORECASE):
        sys.exit(f"{question}: the answer does not hold its key")
    return {
        "id": number,
        "question": question,
        "topic": topic,
        "answer": answer,
        "key": key,
        "says": says,
    }


def main() -> None:
    topics = {
        one["topic"]: flat(one["text"])
        for one in read_json(HERE / "python_topics.json")["topics"]
        if not one["also_in"]
    }
    rows = [row(number, entry) for number, entry in enumerate(ANSWERED, 1)]
    for one in rows:
        found = [
            name for name, text in topics.items() if flat(str(one["says"])) in text
        ]
        if found != [one["topic"]]:
            sys.exit(f"{one['question']} is answered by {found}, not {one['topic']}")
    for number, (question, word) in enumerate(UNANSWERED, len(rows) + 1):
        if held := [name for name, text in topics.items() if word in text]:
            sys.exit(f"{question} may be answered by {held}")
        blank = {"topic": None, "answer": None, "key": None, "says": None}
        rows.append({"id": number, "question": question, **blank})
    save_json(__file__, rows)


if __name__ == "__main__":
    main()
