"""Find numbers that identify people: telephones, payment cards, bank accounts, and identity numbers that states give.

Telephones are validated by phonenumbers, all others by their check digits (python-stdnum). A number whose form is
common counts only with a word before it that says what it is. Known example numbers are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module

from harness.text.pattern import later

ENOUGH = later(r"\d(?:[ ().\u00a0/-]{0,2}[0-9X]){6}|[A-Z]{2}\d{2} ?[A-Z0-9]{4}|[A-Z]{6}\d\d[A-Z]|[A-Z]{4}\d{6}")
"""A quick test of a text before the slow ones: seven digits close together, or letters with which such numbers
begin."""

NEAR = 40
"""Characters before a number in which a word may say what it is."""

_CARD = later(r"(?<![\d.,-])(?:\d[ -]?){12,18}\d(?![\d-]|[.,]\d)")
_ISSUERS = later(r"4|5[1-5]|2[2-7]|3[47]|6(?:011|2|5|4[4-9])|35|3(?:0|6|8)")
"""First digits of payment cards (Visa, Mastercard, American Express, Discover, UnionPay, JCB, Diners)."""
_TEST_CARDS = frozenset(
    {
        "4111111111111111", "4242424242424242", "4000056655665556", "4012888888881881", "4222222222222",
        "4000000000000002", "5555555555554444", "5105105105105100", "5200828282828210", "5500005555555559",
        "5500000000000004", "2223003122003222", "2223000048400011", "378282246310005", "371449635398431",
        "340000000000009", "378734493671000", "6011111111111117", "6011000990139424", "6011000000000004",
        "30569309025904", "38520000023237", "30000000000004", "36227206271667", "3530111333300000", "3566002020360505",
        "3088000000000009", "6200000000000005", "6205500000000000004",
    }
)  # fmt: skip
"""Numbers that payment services publish for tests."""

_IBAN = later(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}")
_PRINTED_IBANS = frozenset(
    {
        "GB82WEST12345698765432", "GB29NWBK60161331926819", "GB33BUKB20201555555555", "DE89370400440532013000",
        "DE75512108001245126199", "DE91100000000123456789", "FR1420041010050500013M02606",
        "FR7630006000011234567890189", "NL91ABNA0417164300", "CH9300762011623852957", "ES9121000418450200051332",
        "BE68539007547034", "AT611904300234573201", "IT60X0542811101000000123456", "PL61109010140000071219812874",
        "SE4550000000058398257466", "NO9386011117947", "DK5000400440116243", "FI2112345600000785",
        "IE29AIBK93115212345678", "PT50000201231234567890154",
    }
)  # fmt: skip
"""Account numbers that standards and leaflets print."""

_IDENTITIES: tuple[tuple[str, str, str, str], ...] = (
    ("cn.ric", "Chinese", r"[1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]", ""),
    ("us.ssn", "US social security", r"\d{3}-\d{2}-\d{4}", ""),
    ("it.codicefiscale", "Italian", r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]", ""),
    ("mx.curp", "Mexican", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", ""),
    ("ch.ssn", "Swiss", r"756\.\d{4}\.\d{4}\.\d\d", ""),
    ("br.cpf", "Brazilian", r"\d{3}\.\d{3}\.\d{3}-\d\d", ""),
    ("kr.rrn", "Korean", r"\d{6}-[1-8]\d{6}", ""),
    ("fi.hetu", "Finnish", r"[0-3]\d[01]\d{3}[-+A]\d{3}[0-9A-Y]", ""),
    ("fr.nir", "French", r"[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d", ""),
    ("se.personnummer", "Swedish", r"(?:19|20)?\d{6}[-+]\d{4}", r"personn"),
    ("es.dni", "Spanish", r"\d{8}-?[A-Z]", r"\bdni\b|\bnif\b|identidad|identity|\bid\b"),
    ("es.nie", "Spanish", r"[XYZ]-?\d{7}-?[A-Z]", r"\bnie\b|identidad|identity|\bid\b"),
    ("in_.aadhaar", "Indian", r"[2-9]\d{3} ?\d{4} ?\d{4}", r"aadha+r|\buid"),
    ("in_.pan", "Indian", r"[A-Z]{5}\d{4}[A-Z]", r"\bpan\b"),
    ("pl.pesel", "Polish", r"\d{11}", r"pesel"),
    ("de.idnr", "German", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", r"steuer|tax|idnr"),
    ("nl.bsn", "Dutch", r"\d{9}", r"\bbsn\b|burgerservice"),
    ("gb.nhs", "British", r"\d{3}[ -]?\d{3}[ -]?\d{4}", r"\bnhs\b"),
    ("ca.sin", "Canadian", r"\d{3}[- ]?\d{3}[- ]?\d{3}", r"\bsin\b|social insurance"),
    ("au.tfn", "Australian", r"\d{3} ?\d{3} ?\d{3}", r"\btfn\b|tax file"),
    ("tr.tckimlik", "Turkish", r"\d{11}", r"kimlik|\btc\b"),
    ("za.idnr", "South African", r"\d{13}", r"\bid\b|identity"),
    ("dk.cpr", "Danish", r"\d{6}-?\d{4}", r"\bcpr\b"),
    ("no.fodselsnummer", "Norwegian", r"\d{6} ?\d{5}", r"f\u00f8dsel|personn"),
    ("be.nn", "Belgian", r"\d\d\.?\d\d\.?\d\d-?\d{3}\.?\d\d", r"rijksregister|registre national|national number"),
    ("ro.cnp", "Romanian", r"[1-8]\d{12}", r"\bcnp\b"),
    ("cz.rc", "Czech", r"\d{6}/\d{3,4}", r"rodn"),
)
"""Module of python-stdnum, nationality for the message, pattern, and words of which one must stand before the
number."""
_PRINTED_IDENTITIES = frozenset(
    {
        "11010519491231002X", "34052419800101001X", "078-05-1120", "219-09-9999", "123-45-6789", "756.9217.0769.85",
        "RSSMRA85T10A562S", "12345678Z", "390.533.447-05",
    }
)  # fmt: skip

_ABROAD = later(r"(?<![\w+])\+[1-9](?:[ ().\u00a0/-]{0,2}\d){6,14}(?!\d)")
_AMERICAN = later(r"(?<![\w+.-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-.])[2-9]\d{2}[-.]\d{4}(?![\w-])")
_CHINESE = later(r"(?<![\d.+-])1[3-9]\d(?:[ -]?\d{4}){2}(?![\d.-])")
_NATIONAL = later(r"(?<![\w+.])\(?0\d(?:[ ()./-]{0,2}\d){6,11}(?!\d)")
_CALLED = later(
    r"\b(?:tel|tel\u00e9fono|telefon\w*|telephone|t\u00e9l|phone|call|ring|mobile|cell|handy|fax|sms|whatsapp|dial|text)\b"
    r"|\u624b\u673a|\u624b\u6a5f|\u7535\u8bdd|\u96fb\u8a71|\u8054\u7cfb|\u806f\u7e6b|\u5fae\u4fe1",
    re.IGNORECASE,
)
_IDEOGRAPH = later("[\u4e00-\u9fff]")
_REGIONS = ("GB", "DE", "FR", "IT", "JP", "AU", "CN", "NL", "BE", "CH", "AT", "SE", "ZA", "TR", "IN", "KR", "VN", "ID")
"""Regions tried for a telephone number without a country code."""
_FICTION = later(
    r"^(?:1\d{3}55501\d\d"  # North America: 555-0100 to 555-0199
    r"|44(?:7700900|1632960|2079460|1134960|1144960|1154960|1164960|1174960|1184960|1214960|1314960|1414960|1514960"
    r"|1614960|1914980|8081570|9098790|3069990)\d{2,3}"  # Ofcom, numbers for drama
    r"|61(?:491570\d{3}|2701\d{5}|[378]701\d{5})|33[1-59]?(?:19900|26191|35301|46571|53649|63998)\d{4}"
    r"|49(?:3023125|4066969|2214710|6990009|8999998)\d{3}|49(?:17139200|17604069)\d\d|491717?3920\d{2,3}"  # Germany
    r"|8613[08]00138000|86138(?:12345678|88888888))$"
)
"""Numbers that regulators reserve for films and books, by country, and two that Chinese forms print as examples."""


def numbers_in(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind of finding, description, the number as written); each place once."""
    told: list[tuple[int, int]] = []
    for part in (_cards, _accounts, _identities, _telephones):
        for kind, what, start, end in part(text):
            if not any(start < to and end > since for since, to in told):
                told.append((start, end))
                yield kind, what, text[start:end]


_Found = Iterator[tuple[str, str, int, int]]


def _cards(text: str) -> _Found:
    valid = _valid("luhn")
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found.group())
        if _ISSUERS.match(digits) and valid(digits) and digits not in _TEST_CARDS and len(set(digits)) > 3:
            yield "card-number", "a payment card's number", *found.span()


def _accounts(text: str) -> _Found:
    valid = _valid("iban")
    for found in _IBAN.finditer(text):
        ends = [place for place, sign in enumerate(found.group(), 1) if sign not in " -"]
        for end in ends[14:]:  # capitals that follow belong to the next word
            number = re.sub("[ -]", "", found.group()[:end])
            if valid(number):
                if number not in _PRINTED_IBANS:
                    yield "bank-account", "a bank account's number (IBAN)", found.start(), found.start() + end
                break


def _identities(text: str) -> _Found:
    for pattern, module, whose, word in _compiled():
        for found in pattern.finditer(text):
            if word is not None and not word.search(text, max(0, found.start() - NEAR), found.start()):
                continue
            if found.group() not in _PRINTED_IDENTITIES and _valid(module)(found.group()):
                yield "identity-number", f"a person's number ({whose})", *found.span()


def _telephones(text: str) -> _Found:
    for pattern, regions in ((_ABROAD, (None,)), (_AMERICAN, ("US",)), (_CHINESE, ("CN",)), (_NATIONAL, _REGIONS)):
        for found in pattern.finditer(text):
            called = _CALLED.search(text, max(0, found.start() - NEAR), found.start()) is not None
            if (pattern is _NATIONAL and not called) or (
                pattern is _CHINESE and not called and not _IDEOGRAPH.search(text)
            ):
                continue
            if _reaches_somebody(found.group(), regions):
                yield "phone-number", "a telephone number", *found.span()


def _reaches_somebody(number: str, regions: Iterable[str | None]) -> bool:
    """Whether the number may belong to a person in one of the regions: valid there, no number of a service (toll-free,
    premium rate), and not reserved for fiction."""
    import phonenumbers

    kinds = phonenumbers.PhoneNumberType
    public = (kinds.TOLL_FREE, kinds.PREMIUM_RATE, kinds.SHARED_COST, kinds.UAN)
    found = False
    for region in regions:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if _FICTION.match(f"{parsed.country_code}{parsed.national_number}"):
            return False
        found |= phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) not in public
    return found


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str, str, re.Pattern[str] | None], ...]:
    return tuple(
        (
            re.compile(rf"(?<![A-Za-z0-9.+-])(?:{form})(?![A-Za-z0-9-]|\.\d)"),
            module,
            whose,
            re.compile(word, re.IGNORECASE) if word else None,
        )
        for module, whose, form, word in _IDENTITIES
    )


@cache
def _valid(module: str) -> Callable[[str], bool]:
    judge: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return judge
