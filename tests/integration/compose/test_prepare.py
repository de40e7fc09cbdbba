"""Messages are compiled and static files hashed, each only when something changed."""

import gettext
import os
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

from compose import prepare

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Take the seat"
msgstr "入座"
"""


@pytest.fixture
def locale(tmp_path: Path) -> Path:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(PO, encoding="utf-8")
    return tmp_path


def test_messages_are_compiled_once(locale):
    assert prepare.compile_messages(locale) == 1
    assert prepare.compile_messages(locale) == 0
    catalogue = gettext.translation("django", locale, ["zh_Hans"])
    assert catalogue.gettext("Take the seat") == "入座"


def test_changed_messages_are_compiled_again(locale):
    prepare.compile_messages(locale)
    source = locale / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.write_text(PO.replace("入座", "请坐"), encoding="utf-8")
    newer = source.with_suffix(".mo").stat().st_mtime + 10
    os.utime(source, (newer, newer))
    assert prepare.compile_messages(locale) == 1
    assert gettext.translation("django", locale, ["zh_Hans"]).gettext("Take the seat") == "请坐"


@pytest.fixture
def hashed(settings, tmp_path):
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "config.storage.HashedStaticFiles"},
    }
    return tmp_path / "static"


def test_every_static_file_of_the_project_can_be_hashed(hashed):
    # A stylesheet or a module that names a file that is not there fails here, not at a player's.
    call_command("collectstatic", interactive=False, verbosity=0)
    assert re.search(
        r"admin/css/base\.[0-9a-f]{12}\.css", staticfiles_storage.url("admin/css/base.css")
    )


def test_imports_of_modules_name_hashed_files(hashed, settings, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.js").write_text('import { b } from "./b.js";\n', encoding="utf-8")
    (source / "b.js").write_text("export const b = 1;\n", encoding="utf-8")
    settings.STATICFILES_DIRS = [source]
    call_command("collectstatic", interactive=False, verbosity=0)
    (module,) = hashed.glob("a.????????????.js")
    assert re.search(r'from "\./b\.[0-9a-f]{12}\.js"', module.read_text(encoding="utf-8"))


def test_static_files_are_collected_once(hashed):
    assert prepare.collect_static() is True
    assert prepare.collect_static() is False
