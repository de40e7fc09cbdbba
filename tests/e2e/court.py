"""The pages as a player uses them: by what is written on them, never by how they are built."""

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.candidate import good_answer

_MOST_ROUNDS = 20
_NARROW = 600


def seat(context: BrowserContext, **wishes: Any) -> str:
    """Open a room without the lobby, for tests about something else; return its path."""
    body = {
        "scenery": "group_grilling",
        "mode": "survive",
        "language": "en",
        "resume": {"sample": "backend"},
        "seed": 7,
    }
    answer = send(context, "/api/rooms", {**body, **wishes})
    return str(answer["links"]["page"])


def send(
    context: BrowserContext, path: str, body: dict[str, Any], *, method: str = "POST"
) -> dict[str, Any]:
    """Call the API as this visitor, around the pages; return the answer."""
    if not any(cookie["name"] == "csrftoken" for cookie in context.cookies()):
        context.request.get("/")
    token = next(c["value"] for c in context.cookies() if c["name"] == "csrftoken")
    answer = context.request.fetch(
        path, method=method, data=body, headers={"X-CSRFToken": token, "Accept": "application/json"}
    )
    assert answer.ok, answer.text()
    found: dict[str, Any] = answer.json()
    return found


class Court:
    """One tab of one player."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.room = page.locator("#room")
        self.log = page.locator("#log")
        self.composer = page.locator("#answer")
        self.status = page.locator("#composer-status")
        self.verdict = page.locator("#verdict")
        self.bar = page.locator("#line-bar")

    @property
    def is_phone(self) -> bool:
        """Whether this is a narrow screen that is touched."""
        size = self.page.viewport_size
        return size is not None and size["width"] < _NARROW

    @property
    def last_line(self) -> Locator:
        """The last thing in the log."""
        return self.page.locator("#log-lines > :not([hidden])").last

    @property
    def path(self) -> str:
        """Where this tab is, as a path."""
        return urlsplit(self.page.url).path

    def another_tab(self) -> "Court":
        """Open the same room in a second tab of the same player."""
        return Court(self.page.context.new_page()).enter(self.path)

    def enter(self, path: str) -> "Court":
        """Open a room and wait until its record is on the page."""
        self.page.goto(path)
        expect(self.page.locator("#loading")).to_be_hidden()
        return self

    def take_seat(self, *, mode: str = "survive", scenery: str | None = None) -> "Court":
        """Press the big button in the lobby, after choosing what to play."""
        self.page.goto("/")
        if scenery is not None:
            self.page.locator(f"input[name=scenery][value={scenery}]").check(force=True)
        self.page.locator(f"input[name=mode][value={mode}]").check(force=True)
        self.page.locator(".hero__buttons [data-take-seat]").click()
        self.page.wait_for_url(re.compile(r"/rooms/[0-9a-f-]{36}$"))
        return self

    def floor(self, *names: str) -> None:
        """Wait until the floor is one of these: speaking, answer, interrupted, settled ..."""
        expect(self.room).to_have_attribute("data-floor", re.compile(f"^({'|'.join(names)})$"))

    def my_move(self) -> None:
        """Wait until a question is asked and written out, and an answer is awaited."""
        self.floor("answer")
        expect(self.log).to_have_attribute("aria-busy", "false")

    def say(self, text: str) -> None:
        """Type an answer and send it: with the Enter key, or on a phone with the button."""
        self.composer.fill(text)
        if self.is_phone:
            self.page.locator("#send").tap()
        else:
            self.composer.press("Enter")

    def answer(self, text: str) -> None:
        """Answer and wait for what comes of it: the next question, or the verdict."""
        before = self.state("offset")
        self.say(text)
        expect(self.room).not_to_have_attribute("data-offset", str(before))
        self.floor("answer", "settled")
        if self.page.locator("#room[data-floor=answer]").count():
            self.my_move()

    def answer_well(self) -> None:
        """Give a good answer to the question on the table."""
        turn = self.turn()
        answer = good_answer(
            turn["plan"]["question_id"],
            round_number=self.state("round"),
            language=self.state("language"),
        )
        self.answer(answer)

    def play(self, *, well: bool, padded: str = "") -> None:
        """Play on until the verdict, or until the goal is reached."""
        for _ in range(_MOST_ROUNDS):
            self.floor("answer", "settled")
            if self.state("result") is not None or self.state("goalReached") is not None:
                return
            if well:
                self.answer_well()
            else:
                self.answer(padded)
        raise AssertionError("the game did not end")

    def hurry(self) -> None:
        """Let the panel talk briskly from the next question on."""
        self.page.locator("[data-dialog=menu]").click()
        menu = self.page.get_by_role("dialog")
        with self.page.expect_response(re.compile("/settings$")):
            menu.locator("input[name=pace][value=brisk]").check(force=True)
        self.page.keyboard.press("Escape")

    def state(self, name: str) -> Any:
        """Return a field of the room as this tab has folded it."""
        return self.page.evaluate(f"hotseat.state().{name}")

    def transcript(self) -> list[dict[str, Any]]:
        """Return all that was said, as this tab has it."""
        said: list[dict[str, Any]] = self.page.evaluate("hotseat.transcript()")
        return said

    def turn(self) -> dict[str, Any]:
        """Return the last turn of the panel."""
        turns: list[dict[str, Any]] = self.page.evaluate(
            "hotseat.state().entries.filter((entry) => entry.kind === 'turn')"
        )
        return turns[-1]

    def answers(self) -> Locator:
        """Return the player's answers in the log."""
        return self.page.locator("[data-answer]")

    def questions(self) -> Locator:
        """Return the panel's turns in the log."""
        return self.page.locator("[data-turn]")
