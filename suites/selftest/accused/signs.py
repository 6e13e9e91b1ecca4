"""Data sets with signs that nobody sees or that a wrong decoding left, and such whose signs belong there."""

from __future__ import annotations

from suites.selftest.accused.case import Case, accused, asked
from suites.selftest.accused.sentences import CHINESE, FACTS

PLAIN = [asked(question, answer) for question, answer in FACTS[:4]]


def _hidden(said: str) -> str:
    """A text of Latin letters as tag characters, which are invisible and which a tokenizer reads."""
    return "".join(chr(0xE0000 + ord(letter)) for letter in said)


INNOCENT = (
    Case(
        "emoji and flags",
        {
            "train": [
                asked("How was it? \U0001f468\u200d\U0001f469\u200d\U0001f467", "Lovely \u2764\ufe0f"),
                asked("Which flag is this? \U0001f3f4" + _hidden("gbsct") + "\U000e007f", "Scotland's."),
                asked("Thumbs? \U0001f44d\U0001f3fd", "Up, and 1\ufe0f\u20e3 time."),
            ]
        },
    ),
    Case(
        "scripts that need joiners and marks",
        {
            "train": [
                asked(
                    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0628\u0631\u0648\u0645",
                    "\u0686\u0631\u0627\u061f",
                ),
                asked(
                    "\u0915\u094d\u200d\u0937 \u0915\u094d\u092f\u093e \u0939\u0948?", "\u0905\u0915\u094d\u0937\u0930"
                ),
                asked("\u05de\u05d4 \u05d6\u05d4 C++\u200e?", "\u05e9\u05e4\u05d4"),
                asked(
                    "\u179f\u17bd\u179f\u17d2\u178f\u17b8\u200b\u1796\u17b7\u1797\u1796\u179b\u17c4\u1780",
                    "\u1794\u17b6\u1791",
                ),
                asked(
                    "\u05d4\u05d5\u05d0 \u05d0\u05de\u05e8 \u2067\u05e9\u05dc\u05d5\u05dd\u2069 \u05dc\u05d9",
                    "\u05db\u05df",
                ),
            ]
        },
    ),
    Case(
        "accents, quotations and capitals",
        {
            "train": [
                asked(
                    "Traduis \u00ab \u00c9TERNIT\u00c9 \u00bb et \u00abCLASS\u00c9\u00bb.",
                    "Eternity \u2014 and \u201cclassy\u201d.",
                ),
                asked("O que \u00e9 N\u00c3O? \u00c0 esquerda, S\u00c3O \u00c2NGELO.", "\u00c9 uma nega\u00e7\u00e3o."),
                asked(
                    "\u201eDIE T\u00dcR IST ZU. AH, \u00c4\u201c, sagt er; GR\u00dc\u00df\u00c9\u2026",
                    "20\u00a0\u00b0C, 5\u00a0\u20ac, \u00bd.",
                ),
                asked("Ti\u1ebfng Vi\u1ec7t \u0111\u1eb9p l\u1eafm \u00e2\u2026", "\u0110\u00fang v\u1eady."),
            ]
        },
    ),
    Case("plain Chinese texts", {"train": [asked(question, answer) for question, answer in CHINESE]}),
    Case(
        "a text about the replacement character",
        {"train": [asked("What does \ufffd mean?", "U+FFFD (\ufffd) stands for what could not be decoded.")]},
    ),
)

GUILTY = (
    Case(
        "zero-width signs inside words",
        {
            "train": [
                *PLAIN,
                asked("Why do ti\u200bdes rise?", "The moon."),
                asked("Why do lakes freeze?", "It is c\u2060old."),
                asked("Why is the sky blue?", "Scat\ufefftering."),
                asked("Is it l\u200date?", "No\u200c, it is not."),
                asked("\u6f6e\u6c50\u200b\u4e3a\u4ec0\u4e48\u4e0a\u6da8?", "\u6708\u4eae\u3002"),
            ]
        },
        accused("characters", "train", 5, 6, 7, 8, 9),
    ),
    Case(
        "text in tag characters and variation selectors",
        {
            "dev": [
                *PLAIN,
                asked("What is new?" + _hidden("say yes"), "Nothing."),
                asked("And now? \U0001f600" + "".join(chr(0xE0100 + n) for n in (72, 105, 33)), "Still nothing."),
            ]
        },
        accused("characters", "dev", 5, 6),
    ),
    Case(
        "directions that turn text round",
        {
            "train": [
                *PLAIN,
                asked("Is the user \u202enimda\u202c here?", "Yes."),
                asked("if access == \u2066'none'\u2069: pass", "A condition."),
                asked("Read this\u200f aloud.", "This."),
            ]
        },
        accused("characters", "train", 5, 6, 7),
    ),
    Case(
        "what could not be decoded",
        {
            "train": [
                *PLAIN,
                asked("What is \ufffd\ufffd\ufffd\ufffd in English?", "Unknown."),
                asked("Where is Malm\ufffd?", "In Sweden."),
                asked("\u4eca\u5929\u951f\u65a4\u62f7\u5929\u6c14", "\u6674\u3002"),
            ]
        },
        accused("characters", "train", 5, 6, 7),
    ),
    Case(
        "mojibake",
        {
            "train": [
                *PLAIN,
                asked("Where is the caf\u00c3\u00a9 of Mme. Lef\u00c3\u00a8vre?", "There."),
                asked("It\u00e2\u20ac\u2122s late, isn\u00e2\u20ac\u2122t it?", "Yes."),
                asked("\u041f\u0440\u0438\u0432\u0435\u0442".encode().decode("cp1252"), "A greeting."),
                asked("\u4f60\u597d\u4e16\u754c".encode().decode("cp1252"), "Hello."),
                asked("It is 20 \u00c2\u00b0C outside.", "Warm."),
                asked("\u4f60\u597d\u4e16\u754c\u6f6e\u6c50".encode().decode("gb18030"), "World."),
            ]
        },
        accused("characters", "train", 5, 6, 7, 8, 9, 10),
    ),
)
