"""The pictures of the documents, taken in a real game when HOTSEAT_PICTURES asks for them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from compose import local
from tests.e2e import backstage
from tests.e2e.backstage import Backstage
from tests.e2e.candidate import PADDED
from tests.e2e.conftest import NewVisitor
from tests.e2e.court import Court
from tests.e2e.papers import RESUMES

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
READ = {"en": "Let them read it", "zh": "让他们看"}

pytestmark = pytest.mark.skipif(
    not os.environ.get("HOTSEAT_PICTURES"), reason="HOTSEAT_PICTURES asks for pictures"
)


class Album:
    """The pictures of one device and language; a desktop in English keeps the short names."""

    def __init__(self, *, language: str, is_phone: bool) -> None:
        self.ending = "-phone" * is_phone + ".zh" * (language == "zh") + ".png"

    def take(self, page, name: str, *, is_whole: bool = False) -> None:
        """Take a picture once everything that moves has come to rest."""
        page.wait_for_function(
            "() => document.getAnimations().every((one) => one.playState !== 'running')"
        )
        page.screenshot(path=IMAGES / f"{name}{self.ending}", full_page=is_whole)


@pytest.mark.parametrize("is_phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_screen_has_its_picture(new_visitor: NewVisitor, language, is_phone):
    IMAGES.mkdir(parents=True, exist_ok=True)
    album = Album(language=language, is_phone=is_phone)
    visitor = new_visitor(language=language, is_phone=is_phone, reduced_motion="reduce")
    page = visitor.new_page()
    court = Court(page)

    page.goto("/")
    album.take(page, "lobby")

    page.goto("/resume")
    page.locator("#resume-text").fill(RESUMES["backend", language])
    page.get_by_role("button", name=READ[language]).click()
    expect(page.locator("[data-findings]")).to_be_visible()
    album.take(page, "intake", is_whole=True)

    court.take_seat()
    court.my_move()
    court.answer_well()
    album.take(page, "question")
    court.answer(PADDED[language])
    album.take(page, "room")
    court.play(well=False, padded=PADDED[language])
    page.locator("#verdict-link").click()
    page.wait_for_url(re.compile("/settlement$"))
    album.take(page, "settlement")

    court.take_seat(mode="convince")
    court.my_move()
    court.play(well=True)
    page.locator("#verdict-link").click()
    page.wait_for_url(re.compile("/settlement$"))
    album.take(page, "settlement-won")


@pytest.fixture(scope="module")
def house(stack: local.Stack) -> Iterator[Backstage]:
    """The same stack, with tenants and providers, after a busy morning."""
    with backstage.opened(stack) as found:
        yield found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_operators_pages_have_their_pictures(new_visitor: NewVisitor, house, language):
    album = Album(language=language, is_phone=False)
    visitor = new_visitor(language=language, reduced_motion="reduce", color_scheme="light")
    page = visitor.new_page()
    house.enter(page)

    page.goto("/admin/gateway/apikey/")
    album.take(page, "backstage-keys")
    row = page.locator("#result_list tbody tr", has_text="headlines")
    key_id = row.locator("th a").get_attribute("href").split("/")[-3]

    page.goto("/admin/gateway/usagerecord/")
    album.take(page, "backstage-usage")

    page.goto(
        f"/admin/gateway/route/explain/?model=fast&key={key_id}"
        "&input_tokens=1200&max_output_tokens=800"
    )
    album.take(page, "backstage-explain", is_whole=True)

    page.goto("/admin/gateway/provider/")
    page.get_by_role("link", name="gpu-room").click()
    page.locator(".now").wait_for()
    album.take(page, "backstage-provider")
