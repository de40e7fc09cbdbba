"""Everything between a database that answers and processes that may start, in one Django set-up.

Run as ``python -m compose.prepare``; each step is skipped when there is nothing new for it.
"""

import hashlib
import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def main() -> None:
    """Compile messages, collect static files, migrate, load the content and the prices."""
    for folder in settings.LOCALE_PATHS:
        compile_messages(Path(folder))
    django.setup()
    collect_static()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_content", verbosity=0)
    call_command("load_prices", verbosity=0)


def compile_messages(folder: Path) -> int:
    """Compile each .po file that is newer than its .mo; return how many were."""
    n_compiled = 0
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
        # Written beside and moved over: a process that starts now reads the old or the new.
        draft = target.with_suffix(".mo.draft")
        with draft.open("wb") as file:
            write_mo(file, catalogue)
        draft.replace(target)
        n_compiled += 1
    return n_compiled


def collect_static() -> bool:
    """Collect and hash the static files when any of them changed; return whether."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    fingerprint = _static_fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == fingerprint:
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint, encoding="ascii")
    return True


def _static_fingerprint() -> str:
    """Return a digest of the names, sizes and times of all sources, and of the storage used."""
    digest = hashlib.sha256(repr((settings.STORAGES, django.VERSION)).encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list(None), key=lambda found: found[0]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
