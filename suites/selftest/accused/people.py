"""Data sets with secrets and personal data, and such with examples and ordinary numbers.

All keys, numbers and addresses are made up, in parts where a scanner of this repository would take them for real ones.
"""

from __future__ import annotations

from suites.selftest.accused.case import Case, accused, asked
from suites.selftest.accused.sentences import FACTS

PLAIN = [asked(question, answer) for question, answer in FACTS[:4]]
RANDOM = "aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1bC3dE5gH7jK9mN1pQ3sT5vW7xY9zA1bC3dE5gH7jK9mN1pQ3sT5vW7xY9zA1bC3dE5"
HEX = "3f9a1c7e5b2d8046a1f3c5e7092b4d6f8a0c1e3d5b7f9162"

KEYS = (
    "sk-" + "ant-api03-" + RANDOM[:93] + "AA",
    "sk-" + "proj-" + RANDOM[:64],
    "sk-" + "or-v1-" + HEX + HEX[:16],
    "sk-" + HEX[:32],
    "AIza" + "SyB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1bC3d",
    "hf_" + "qWcDxFgZiJrLmNkPqRsTbVwXyHaKcMeFgQ",
    "gsk_" + RANDOM[:52],
    "xai-" + RANDOM[:80],
    "r8_" + RANDOM[:37],
    "pplx-" + RANDOM[:48],
    "github_" + "pat_11" + RANDOM[:20] + "_" + RANDOM[:59],
    "glpat-" + RANDOM[:20],
    "ATBB" + RANDOM[:28] + "01AB23CD",
    "dop_v1_" + HEX + HEX[:16],
    "LTAI" + "5tQ3sT5vW7xY9zA1bC3dE5gH",
    "AKID" + RANDOM[:32],
    "GOCSPX-" + RANDOM[:28],
    "dapi" + HEX[:32],
    "ASIA" + "QWERTYUIOPASDFGH",
    "npm_" + RANDOM[:36],
)

INNOCENT = (
    Case(
        "documented examples",
        {
            "train": [
                asked("Write to whom?", "Write to ann@example.com, or to help@docs.example.org."),
                asked("Which key do the handbooks show?", "AKIA" + "IOSFODNN7EXAMPLE"),
                asked("Which card is for tests?", "4242 4242 4242 4242, or 4111 1111 1111 1111 at the other."),
                asked("Where do I put the key?", "In the header: Authorization: Bearer sk-ant-api03-YOUR_KEY_HERE"),
                asked("And the token?", "export HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
                asked("A number for films?", "Say +1 212 555 0123, or 020 7946 0018."),
                asked("Which IBAN do banks print?", "GB82 WEST 1234 5698 7654 32 stands in every leaflet."),
                asked("And in Germany?", "DE89 3704 0044 0532 0130 00 is the usual sample."),
            ]
        },
    ),
    Case(
        "ordinary numbers",
        {
            "train": [
                asked("Give me pi.", "3.14159265358979323846, of which 3.1416 is enough."),
                asked("Which book?", "ISBN 978-0-306-40615-7, order 1234567890123456."),
                asked("When?", "2024-05-17 10:30:00, that is 1715941800 seconds, on 17.05.2024 or 20240517."),
                asked("How many?", "1,234,567,890 of them, 12 345 678 in the south, 100-200-3000 in rows."),
                asked("Which versions?", "10.15.7.2 and 2024.11.3; commit 3f9a1c7e5b2d8046a1f3c5e7092b4d6f8a0c1e3d."),
                asked("Where?", "At 48.8584, 2.2945 or 139.6917, 35.6895."),
                asked("What is 123456789 * 987654321?", "121932631112635269"),
                asked("Which uuid?", "550e8400-e29b-41d4-a716-446655440000"),
                asked("\u5708\u6570?", "\u7b2c13800\u6761,\u517116000000\u5143,2023\u5e7412\u670831\u65e5\u3002"),
            ]
        },
    ),
    Case(
        "mentions and code with at signs",
        {
            "train": [
                asked("Who said so?", "@ann and @bob did, at 5 p.m. @home."),
                asked("Decorate it.", "@functools.cache\ndef f(): return a @ b.T"),
                asked("Which remote?", "git clone git@github.com:some/repository.git"),
            ]
        },
    ),
)

GUILTY = (
    Case(
        "keys of model and cloud vendors and of code hosts",
        {"train": [*PLAIN, *(asked(f"Which key is number {n}?", f"Use {key} for now.") for n, key in enumerate(KEYS))]},
        accused("secrets", "train", *range(5, 5 + len(KEYS))),
    ),
    Case(
        "addresses beside Chinese text",
        {
            "train": [
                *PLAIN,
                asked("\u600e\u4e48\u8054\u7cfb?", "\u8bf7\u53d1\u90ae\u4ef6\u5230li.wei@" + "postbox.cn\u8c22\u8c22"),
                asked("\u90ae\u7bb1?", "\u6211\u7684\u90ae\u7bb1\u662fzhang@" + "mail.com\u3002"),
                asked("\u7535\u8bdd?", "\u624b\u673a\u53f713917264058,\u665a\u4e0a\u6253\u3002"),
                asked("\u8eab\u4efd\u8bc1?", "\u8eab\u4efd\u8bc1\u53f7440306199609143528\u3002"),
            ]
        },
        accused("secrets", "train", 5, 6, 7, 8),
    ),
    Case(
        "numbers of people in every split",
        {
            split: [
                *PLAIN,
                asked("How do I reach you?", "Call +44 7911 123456 after six."),
                asked("And in Paris?", "Tel. +33 6 12 34 56 78"),
                asked("And in Boston?", "My number is (617) 555-2368."),
                asked("Where to pay?", "To DE65 3704 0044 0871 2654 03, please."),
                asked("Which card?", "5301 2511 8840 0737 until May."),
                asked("Your social security number?", "My SSN is 536-90-4399."),
                asked("Codice fiscale?", "BRTLCU91D05F839B"),
            ]
            for split in ("train", "dev", "benchmark")
        },
        frozenset(
            place
            for split in ("train", "dev", "benchmark")
            for place in accused("secrets", split, 5, 6, 7, 8, 9, 10, 11)
        )
        | frozenset(place for split in ("dev", "benchmark") for place in accused("text_apart", split, *range(1, 12))),
    ),
)
