"""Numbers, amounts, times and signs of a transcript -> the English words that are said for them.

A number can be said in several ways (1984, 10:05, 555), so each token has several readings and the
recording decides; the likeliest comes first.
"""

from __future__ import annotations

import re
from typing import Final

Reading = tuple[str, ...]

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS: Final = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_SIZES: Final = (
    (10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"),
    (100, "hundred"),
)  # fmt: skip
_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_MONEY: Final = {
    "$": ("dollar", "dollars", "cents"), "£": ("pound", "pounds", "pence"),
    "€": ("euro", "euros", "cents"), "¥": ("yen", "yen", "sen"),
}  # fmt: skip
"""Sign -> one of them, several, and the hundredths."""
_SIGNS: Final[dict[str, tuple[Reading, ...]]] = {
    "&": (("and",),), "+": (("plus",), ("and",)), "=": (("equals",), ("is",)), "@": (("at",),),
    "%": (("percent",),), "#": (("number",), ("hashtag",), ("hash",)), "°": (("degrees",),),
    "$": (("dollars",), ("dollar",)), "£": (("pounds",), ("pound",)), "€": (("euros",), ("euro",)),
    "¥": (("yen",),),
}  # fmt: skip
_UNITS: Final[dict[str, Reading]] = {
    "%": ("percent",), "°": ("degrees",), "°c": ("degrees", "celsius"),
    "°f": ("degrees", "fahrenheit"), "km": ("kilometers",), "kg": ("kilos",),
    "cm": ("centimeters",), "mm": ("millimeters",), "ft": ("feet",), "lb": ("pounds",),
    "lbs": ("pounds",), "mph": ("miles", "an", "hour"), "hrs": ("hours",), "hr": ("hours",),
    "min": ("minutes",), "mins": ("minutes",), "sec": ("seconds",), "secs": ("seconds",),
    "k": ("thousand",),
    "m": ("million",), "bn": ("billion",), "x": ("times",), "am": ("A.", "M."), "pm": ("P.", "M."),
}  # fmt: skip
"""What is written behind a number, in lower case; a capital with a full stop is a letter's name."""

_AMOUNT: Final = r"(?:\d+(?:[.,:/]\d+)*|\.\d+)"
_MAGNITUDE: Final = r"(?:hundred|thousand|million|billion|trillion)"
_BEHIND: Final = (
    r"(?:\s?[%€£$¥]|\s?°[CF]?\b|\s?(?:km|kg|cm|mm|ft|lbs?|mph|hrs?|mins?|secs?|am|pm)\b"
    r"|'?[^\W\d_]+)"
)
NUMBER_TOKEN: Final = (
    rf"[$£€¥]\s?{_AMOUNT}(?:\s?{_MAGNITUDE}\b|(?:k|m|bn)\b)?"
    rf"|(?<![^\s(])[-−]?{_AMOUNT}(?:[-–]{_AMOUNT})*{_BEHIND}?"
    rf"|{_AMOUNT}{_BEHIND}?"
)
"""Regular expression of a number with what belongs to it: "$20", "3.5 %", "21st", "10:30pm"."""
SIGN_TOKEN: Final = r"[&+=@#]"


def readings(token: str) -> tuple[Reading, ...]:
    """Return the ways to say a token that holds digits or is a sign, likeliest first.

    Letters that stand between digits are returned as they are; () when nothing is said.
    """
    if token in _SIGNS:
        return _SIGNS[token]
    found = re.fullmatch(rf"([$£€¥]?)\s?([-−]?)({_AMOUNT})((?:[-–]{_AMOUNT})*)\s?(\D*)", token)
    if not found:
        parts = re.findall(r"\d+|[^\W\d_]+", token)
        return (
            tuple(w for part in parts for w in (_plain(part)[0] if part.isdigit() else (part,))),
        )
    money, minus, amount, more, unit = found.groups()
    if more:
        return _span((amount, *re.split(r"[-–]", more)[1:]), unit)
    said = _with_money(money, amount, unit) if money else _with_unit(amount, unit)
    return tuple(("minus", *way) for way in said) if minus else said


def number_words(number: int) -> list[str]:
    """Return the English reading of a whole number."""
    if number < 20:
        return [_ONES[number]]
    if number < 100:
        return [_TENS[number // 10], *(number_words(number % 10) if number % 10 else [])]
    size, name = next(s for s in _SIZES if number >= s[0])
    rest = number_words(number % size) if number % size else []
    return [*number_words(number // size), name, *rest]


def _plain(amount: str) -> tuple[Reading, ...]:
    """Return the readings of an amount without signs: "1,250", "3.5", "10:30", "1/2", "1984"."""
    if re.fullmatch(r"\d{1,2}:\d\d", amount):
        return _clock(*map(int, amount.split(":")))
    if re.fullmatch(r"\d+/\d+", amount):
        return _fraction(*amount.split("/"))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", amount):
        return _cardinals(int(amount.replace(",", "")))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d+", amount):
        amount = amount.replace(",", "")
    if re.fullmatch(r"\d*\.\d+", amount):
        whole, _, digits = amount.partition(".")
        tail = ("point", *(_ONES[int(d)] for d in digits))
        return tuple((*way, *tail) for way in (_whole(whole)[:2] if whole else ((), ("zero",))))
    if amount.isdigit():
        return _whole(amount)
    return (tuple(w for part in re.split(r"\D+", amount) if part for w in _whole(part)[0]),)


def _whole(digits: str) -> tuple[Reading, ...]:
    number = int(digits)
    one_by_one = tuple(_ONES[int(d)] for d in digits)
    as_oh = tuple("oh" if d == "0" else _ONES[int(d)] for d in digits)
    if len(digits) > 15 or (len(digits) > 1 and digits[0] == "0"):
        return tuple(dict.fromkeys((one_by_one, as_oh)))
    ways = list(_cardinals(number))
    if len(digits) == 4:
        is_year = 1100 <= number < 2100 and not 2000 <= number < 2010
        ways[:0] = _in_pairs(number) if is_year else []
        ways += [] if is_year else _in_pairs(number)
    if len(digits) == 3 and number % 100:
        last = ("oh", *number_words(number % 10)) if number % 100 < 10 else ()
        ways.append((*number_words(number // 100), *(last or number_words(number % 100))))
    if 3 <= len(digits) <= 7:
        ways += [one_by_one, as_oh]
    return tuple(dict.fromkeys(ways))


def _cardinals(number: int) -> tuple[Reading, ...]:
    """Return "one hundred five" and "one hundred and five"."""
    words = tuple(number_words(number))
    if "hundred" not in words or not number % 100:
        return (words,)
    at = len(words) - words[::-1].index("hundred")
    return (words, (*words[:at], "and", *words[at:]))


def _in_pairs(number: int) -> list[Reading]:
    """Return 1984 as "nineteen eighty four", 1900 as "nineteen hundred", 1905 with an "oh"."""
    first, last = divmod(number, 100)
    if first % 10 == 0:
        return [(*number_words(first), *number_words(last))] if last >= 10 else []
    if last == 0:
        return [(*number_words(first), "hundred")]
    return [(*number_words(first), *(("oh",) if last < 10 else ()), *number_words(last))]


def _clock(hour: int, minute: int) -> tuple[Reading, ...]:
    at = tuple(number_words(hour))
    if minute == 0:
        return ((*at, "o'clock"), at, (*at, "hundred"))
    ways = [(*at, *(("oh",) if minute < 10 else ()), *number_words(minute))]
    nearest = number_words((hour % 12 + (minute > 30)) or 12)
    share = {15: ("quarter", "past"), 30: ("half", "past"), 45: ("quarter", "to")}.get(minute)
    return (*ways, (*share, *nearest)) if share else tuple(ways)


def _fraction(top: str, bottom: str) -> tuple[Reading, ...]:
    above, below = tuple(number_words(int(top))), tuple(number_words(int(bottom)))
    part = {2: ("half",), 4: ("quarter",)}.get(int(bottom), ordinal(below))
    several = (*part[:-1], _plural(part[-1])) if int(top) != 1 else part
    ways = ((*above, *several), (*above, *below), (*above, "over", *below))
    return (*ways, ("a", *part), part) if int(top) == 1 else ways


def ordinal(words: Reading) -> Reading:
    """Return the ordinal of a number in words: "twenty one" -> "twenty first"."""
    last = words[-1]
    changed = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return (*words[:-1], _ORDINALS.get(last, changed))


def _plural(word: str) -> str:
    if word.endswith("y"):
        return word[:-1] + "ies"
    if word == "half":
        return "halves"
    return word + ("es" if word.endswith(("x", "s")) else "s")


def _with_unit(amount: str, unit: str) -> tuple[Reading, ...]:
    ways, low = _plain(amount), unit.lower().replace("'", "").replace(" ", "")
    if not unit:
        return ways
    if unit in _MONEY:
        return _with_money(unit, amount, "")
    if low in {"st", "nd", "rd", "th"}:
        return tuple(ordinal(way) for way in ways[:2])
    if low == "s":
        return tuple((*way[:-1], _plural(way[-1])) for way in ways[:3])
    if low in {"am", "pm"}:
        ways = tuple(tuple(w for w in way if w != "o'clock") for way in ways)
    said = _UNITS.get(low, (unit,))
    one = _singular(said) if amount == "1" else said
    return tuple(dict.fromkeys((*way, *one) for way in ways[:4]))


def _singular(said: Reading) -> Reading:
    if said[0].endswith("s") and len(said[0]) > 2:
        return (said[0][:-1], *said[1:])
    return ("foot",) if said == ("feet",) else said


def _with_money(sign: str, amount: str, unit: str) -> tuple[Reading, ...]:
    one, several, hundredths = _MONEY[sign]
    cents = re.fullmatch(r"([\d,]*)\.(\d\d)", amount)
    if cents and not unit:
        whole = _plain(cents[1])[0] if cents[1] else ()
        few = tuple(number_words(int(cents[2])))
        coins = one if cents[1] == "1" else several
        if not int(cents[2]):
            return ((*whole, coins),)
        if not whole or whole == ("zero",):
            return ((*few, hundredths),)
        full = (*whole, coins, *few, hundredths)
        return (
            full,
            (*whole, coins, "and", *few, hundredths),
            (*whole, *few),
            (*whole, coins, *few),
        )
    size = _UNITS.get(unit.lower(), tuple(unit.lower().split()))
    coins = one if amount == "1" and not unit else several
    return tuple((*way, *size, coins) for way in _plain(amount)[:3])


def _span(amounts: Reading, unit: str) -> tuple[Reading, ...]:
    """Return the readings of "5-6 km": with and without a "to"; of "555-1234" digit by digit."""
    last = _with_unit(amounts[-1], unit)
    plain = [_plain(a) for a in amounts[:-1]]
    first = tuple(w for ways in plain for w in ways[0])
    to = tuple(w for ways in plain for w in (*ways[0], "to"))
    digits = tuple(w for ways in (*plain, last) for w in ways[-1])
    return tuple(dict.fromkeys(((*to, *last[0]), (*first, *last[0]), digits)))
