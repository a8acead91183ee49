"""Which synthetic voices train the ears, which only ever test them, and under what licence.

Speakers are held out, not only sentences: `awb`, `ked`, the Italian `pc` and the espeak-ng variants
of `HELD_OUT_VARIANTS` are in no training shard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HELD_OUT_VARIANTS: Final = (
    "f3", "m5", "Alicia", "klatt4", "Michael", "edward", "steph", "Gene", "belinda", "adam",
)  # fmt: skip
TRAINING_VARIANTS: Final = (
    "Alex", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene2", "Henrique", "Hugo", "Jacky",
    "Lee", "Marco", "Mario", "Mike", "Nguyen", "RicishayMax", "RicishayMax2", "Storm", "anika",
    "antonio", "aunty", "benjamin", "boris", "caleb", "david", "ed", "edward2", "f1", "f2", "f4",
    "f5", "grandma", "grandpa", "gustave", "iven", "iven2", "john", "kaukovalta", "klatt",
    "klatt2", "klatt3", "klatt5", "klatt6", "linda", "m1", "m2", "m3", "m4", "m6", "m7", "m8",
    "marcelo", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob",
    "robert", "sandro", "shelby", "steph2", "steph3", "travis", "victor", "zac",
)  # fmt: skip
"""espeak-ng's speaker variants without the whispering and robotic ones."""

ENGLISH_ACCENTS: Final = (
    *("en-us",) * 6, *("en",) * 2, "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbclan",
    "en-gb-x-gbcwmd", "en-us-nyc",
)  # fmt: skip
OTHER_LANGUAGES: Final[tuple[tuple[str, str], ...]] = (
    *(("de", "de"),) * 4, *(("fr", "fr"),) * 3, ("fr-be", "fr"), *(("es", "es"),) * 3,
    ("es-419", "es"), *(("it", "it"),) * 3, *(("cmn-latn-pinyin", "cmn"),) * 4, ("pt", "pt"),
    ("pt-br", "pt"), ("ru", "ru"), ("cs", "cs"), ("nl", "nl"), ("pl", "pl"), ("sv", "sv"),
    ("da", "da"), ("fi", "fi"), ("hu", "hu"), ("tr", "tr"), ("uk", "uk"),
)  # fmt: skip
"""(espeak-ng voice, language of the text), repeated by weight."""
TEST_LANGUAGES: Final[dict[str, str]] = {
    "es": "es", "fr": "fr", "it": "it", "de": "de", "cmn": "cmn-latn-pinyin",
}  # fmt: skip


@dataclass(frozen=True)
class HumanVoice:
    """A synthetic voice cut from, or trained on, one person's recordings.

    Attributes:
        group: name of its shard.
        engine: "flite" or "festival". voice: the engine's name of it.
        language: of its phone symbols. text_language: of the sentences it is given.
        encoding: of festival's input text. pitch_hz: flite's mean pitch.
        hours: of audio to make. test: whether it is held out.
        licence: of the voice data, from the package's copyright file.
    """

    group: str
    engine: str
    voice: str
    language: str
    hours: float
    licence: str
    text_language: str = ""
    encoding: str = "latin-1"
    pitch_hz: float = 120.0
    test: bool = False


_CMU: Final = "CMU (MIT-like)"
HUMAN_VOICES: Final[tuple[HumanVoice, ...]] = (
    HumanVoice("flite_slt", "flite", "slt", "en", 2.0, _CMU, pitch_hz=175.0),
    HumanVoice("flite_rms", "flite", "rms", "en", 2.0, _CMU, pitch_hz=100.0),
    HumanVoice("flite_kal", "flite", "kal16", "en", 1.2, _CMU, pitch_hz=105.0),
    HumanVoice("festival_slt", "festival", "voice_cmu_us_slt_arctic_hts", "en", 1.2, _CMU),
    HumanVoice("festival_kal", "festival", "voice_kal_diphone", "en", 1.0, _CMU),
    HumanVoice("festival_dita", "festival", "voice_czech_dita", "cs", 0.7, "GPL-3+",
               encoding="iso8859-2"),
    HumanVoice("festival_krb", "festival", "voice_czech_krb", "cs", 0.7, "GPL-3+",
               encoding="iso8859-2"),
    HumanVoice("festival_machac", "festival", "voice_czech_machac", "cs", 0.7, "GPL-3+",
               encoding="iso8859-2"),
    HumanVoice("festival_ph", "festival", "voice_czech_ph", "cs", 0.5, "GPL-2+",
               encoding="iso8859-2"),
    HumanVoice("festival_lj", "festival", "voice_suo_fi_lj_diphone", "fi", 0.8, "LGPL-2+"),
    HumanVoice("festival_mv", "festival", "voice_hy_fi_mv_diphone", "fi", 0.8, "LGPL-2+"),
    HumanVoice("festival_lp", "festival", "voice_lp_diphone", "it", 1.2, "GPL-2+"),
    HumanVoice("festival_ona", "festival", "voice_upc_ca_ona_hts", "ca", 1.0, "LGPL-2.1+",
               text_language="es"),
    HumanVoice("festival_nsh", "festival", "voice_msu_ru_nsh_clunits", "ru", 1.0, "BSD-like",
               encoding="utf-8"),
    HumanVoice("festival_hindi", "festival", "voice_hindi_NSK_diphone", "hi", 0.6, "GPL-2+",
               encoding="utf-8"),
    HumanVoice("test_awb", "flite", "awb", "en", 0.25, _CMU, pitch_hz=130.0, test=True),
    HumanVoice("test_ked", "festival", "voice_ked_diphone", "en", 0.25, _CMU, test=True),
    HumanVoice("test_pc", "festival", "voice_pc_diphone", "it", 0.25, "GPL-2+", test=True),
)  # fmt: skip
