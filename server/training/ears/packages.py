"""Fetch what the corpus is made from: the distribution's voices, prompts, manuals and word lists.

    python -m server.training.ears.packages --root FOLDER            texts and prompts, unpacked
    python -m server.training.ears.packages --root FOLDER --install  and the voices (needs root)
    python -m server.training.ears.packages --root FOLDER --install --research   and MBROLA's

Packages are downloaded by `apt-get` and unpacked, not installed; only the synthetic voices must be
installed, because their programs look for them in fixed places.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from server.training.ears.errors import CorpusError

PROMPT_PACKAGES: Final = tuple(
    f"asterisk-core-sounds-{language}{kind}"
    for language in ("en", "es", "fr", "it", "ru")
    for kind in ("", "-g722")
)
SPEECH_PACKAGES: Final = (
    "fillets-ng-data", "fillets-ng-data-cs", "fillets-ng-data-nl", "tuxpaint-stamps-default",
    "asterisk-prompt-it-menardi-wav", "asterisk-prompt-fr-armelle",
)  # fmt: skip
"""People who act, name pictures and read prompts: see `packaged_speech`."""
TEXT_PACKAGES: Final = (
    *(f"manpages-{language}" for language in (
        "cs", "da", "de", "es", "fi", "fr", "hu", "it", "nl", "pl", "pt-br", "ru", "sv", "tr", "uk",
    )),
    "wspanish", "wfrench", "witalian", "wngerman", "wportuguese", "wdutch", "wswedish", "wpolish",
    "wamerican",
)  # fmt: skip
VOICE_PACKAGES: Final = (
    "espeak-ng", "libespeak-ng1", "flite", "festival", "festvox-us-slt-hts", "festvox-kallpc16k",
    "festvox-kdlpc16k", "festvox-ca-ona-hts", "festvox-czech-dita", "festvox-czech-krb",
    "festvox-czech-machac", "festvox-czech-ph", "festvox-hi-nsk", "festvox-italp16k",
    "festvox-itapc16k", "festvox-ru", "festvox-suopuhe-lj", "festvox-suopuhe-mv",
)  # fmt: skip
UNTIMED_VOICE_PACKAGES: Final = ("libttspico-utils", "librhvoice5", "rhvoice-english")
"""In Debian's component "non-free": their models came without what they were made from."""
RESEARCH_VOICE_PACKAGES: Final = (
    "mbrola", *(f"mbrola-de{k}" for k in range(1, 9)), *(f"mbrola-us{k}" for k in range(1, 4)),
    "mbrola-en1",
)  # fmt: skip
"""Databases for non-commercial use, components "contrib" and "non-free"."""


def unpack(packages: tuple[str, ...], root: Path) -> None:
    """Download packages and unpack them under `root`.

    Raises:
        CorpusError: this is no Debian-like system, or a package is not offered.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise CorpusError("the corpus needs a Debian-like system: apt-get and dpkg were not found")
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        _run(["apt-get", "download", "-q", *packages], folder)
        for package in sorted(Path(folder).glob("*.deb")):
            _run(["dpkg", "-x", str(package), str(root)], folder)


def install(packages: tuple[str, ...]) -> None:
    """Install packages; needs the rights to.

    Raises:
        CorpusError: apt-get refused; the message says why.
    """
    _run(["apt-get", "install", "-y", "-q", *packages], ".")


def _run(command: list[str], folder: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CorpusError(f"'{' '.join(command[:3])} ...' failed: {last}")


def main() -> None:
    """Fetch, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder to unpack into")
    parser.add_argument("--install", action="store_true", help="install the voices as well")
    parser.add_argument("--research", action="store_true", help="MBROLA's voices, non-commercial")
    options = parser.parse_args()
    unpack((*PROMPT_PACKAGES, *SPEECH_PACKAGES, *TEXT_PACKAGES), options.root)
    if options.install:
        install((*VOICE_PACKAGES, *UNTIMED_VOICE_PACKAGES))
        if options.research:
            install(RESEARCH_VOICE_PACKAGES)


if __name__ == "__main__":
    main()
