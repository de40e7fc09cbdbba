"""Every sentence an operator or a player may read on a page has its Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.template import Engine
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation
from django.utils.translation import gettext, trim_whitespace

ROOT = Path(__file__).resolve().parents[3]
PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
TEMPLATES = ROOT / "templates"
MARKED = {"_", "gettext", "gettext_noop", "gettext_lazy", "ngettext", "ngettext_lazy"}
#: Calls that carry a sentence to be translated where it is shown, and which argument it is.
TOLD = {
    "Problem": 2,
    "_problem": 1,
    "_complain": 2,
    "_Form": 1,
    "_Json": 1,
    "ManagementError": 0,
    "NotThereError": 0,
    "ConflictError": 0,
}
#: Only English is spoken there.
TERMINAL = ROOT / "gateway" / "management"
#: The same in Chinese, because it is no word of a language.
NO_WORDS = {"API", "JSON", "%(words)s", "%(field)s: %(words)s"}
_PLACE = re.compile(r"%\((\w+)\)|\{(\w+)\}")


def in_code(path: Path) -> Iterator[str]:
    """Yield the sentences a module marks, or hands on to be translated later."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        name.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for name in node.targets
        if isinstance(name, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        at = 0 if name in MARKED else TOLD.get(name)
        if at is None or len(node.args) <= at:
            continue
        said = node.args[at]
        if isinstance(said, ast.Name):
            said = constants.get(said.id, said)
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            yield said.value
        elif isinstance(said, ast.JoinedStr) and not path.is_relative_to(TERMINAL):
            yield ast.unparse(said)  # filled in already, so nobody can translate it


def in_template(path: Path) -> Iterator[str]:
    """Yield the sentences of a template."""
    engine = Engine(
        dirs=[TEMPLATES],
        libraries={
            "i18n": "django.templatetags.i18n",
            "static": "django.templatetags.static",
        },
    )
    nodes = engine.from_string(path.read_text(encoding="utf-8")).nodelist
    for node in nodes.get_nodes_by_type(TranslateNode):
        yield str(node.filter_expression.var.literal)
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        words, _names = node.render_token_list(node.singular)
        yield trim_whitespace(words) if node.trimmed else words


CODE = sorted((ROOT / "gateway").rglob("*.py"))
PAGES = sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_module_says_to_people_is_there_in_chinese(path: Path):
    assert untranslated(in_code(path)) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_says_is_there_in_chinese(path: Path):
    assert untranslated(in_template(path)) == []


def untranslated(said: Iterator[str]) -> list[str]:
    """Return the sentences that stay as they are."""
    with translation.override("zh-hans"):
        return [one for one in said if one not in NO_WORDS and gettext(one) == one]


def test_no_translation_is_doubtful_or_leaves_a_value_out():
    with PO.open("rb") as file:
        known = [one for one in read_po(file, locale="zh_Hans") if one.id]
    for one in known:
        ids = one.id if isinstance(one.id, tuple) else (one.id,)
        said = one.string if isinstance(one.string, tuple) else (one.string,)
        assert not one.fuzzy, one.id
        assert all(said), one.id
        wanted = {place for words in ids for place in _PLACE.findall(words)}
        assert {place for words in said for place in _PLACE.findall(words)} <= wanted, one.id
        assert len(ids) > 1 or {p for w in said for p in _PLACE.findall(w)} == wanted, one.id
