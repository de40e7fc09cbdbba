"""Reloads, cut lines and second tabs: the transcript is the same everywhere."""

import re
from uuid import uuid4

from playwright.sync_api import expect

from tests.e2e.candidate import PADDED
from tests.e2e.court import send


def test_a_reload_in_mid_sentence_resumes_to_the_letter(seated):
    witness = seated.another_tab()
    witness.my_move()
    send(seated.page.context, f"/api{seated.path}/settings", {"pace": "calm"}, method="PATCH")
    seated.say(PADDED["en"])
    for _ in range(3):
        seated.floor("speaking")
        seated.page.reload()
    seated.my_move()
    witness.my_move()
    assert seated.transcript() == witness.transcript()
    assert seated.state("offset") == witness.state("offset")
    assert seated.turn()["text"] == witness.turn()["text"] != ""


def test_a_lost_line_is_said_and_what_was_missed_comes_back(seated, complaints):
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    seated.page.context.set_offline(True)
    expect(seated.bar).to_contain_text("You are offline")
    expect(seated.page.locator("#line-label")).to_have_text("off the line")

    # meanwhile the game goes on: another device of the same player answers
    body = {"text": PADDED["en"], "client_id": str(uuid4())}
    send(seated.page.context, f"/api{seated.path}/answer", body)

    seated.page.context.set_offline(False)
    expect(seated.bar).to_be_hidden()
    expect(seated.answers()).to_have_count(1)
    seated.my_move()
    witness = seated.another_tab()
    witness.my_move()
    assert seated.transcript() == witness.transcript()


def test_an_answer_sent_without_a_line_waits_for_a_second_try(seated, complaints):
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    seated.page.context.set_offline(True)
    expect(seated.bar).to_be_visible()
    seated.say("I cut it from 820 ms to 310 ms myself.")
    waiting = seated.answers().first
    expect(waiting).to_contain_text("It waits here until you send it again")

    seated.page.context.set_offline(False)
    expect(seated.bar).to_be_hidden()
    waiting.get_by_role("button", name="Send again").click()
    seated.floor("answer")
    expect(seated.answers()).to_have_count(1)
    expect(seated.answers().locator(".verdict-strip")).to_have_count(1)


def test_an_answer_that_did_not_get_through_can_be_taken_back_to_edit(seated, complaints):
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    seated.page.context.set_offline(True)
    seated.say("A first thought.")
    seated.answers().first.get_by_role("button", name="Edit").click()
    expect(seated.answers()).to_have_count(0)
    expect(seated.composer).to_have_value("A first thought.")


def test_an_answer_in_one_tab_is_in_the_other_at_once(seated):
    other = seated.another_tab()
    other.my_move()
    seated.answer(PADDED["en"])
    other.my_move()
    assert other.transcript() == seated.transcript()
    expect(other.answers()).to_have_count(1)


def test_two_tabs_answer_at_once_and_one_of_them_is_told(seated, complaints):
    complaints.expect("409")
    other = seated.another_tab()
    other.my_move()
    held = []
    seated.page.context.route("**/answer", lambda route: held.append(route))
    seated.say("The first of two answers.")
    other.say("The second of two answers.")
    expect(seated.answers()).to_have_count(1)
    expect(other.answers()).to_have_count(1)
    for answer in held:
        answer.continue_()

    for tab in (seated, other):
        expect(tab.page.locator("[data-state=sending]")).to_have_count(0)
    tabs = (seated, other)
    (told,) = [tab for tab in tabs if tab.page.locator("[data-state=failed]").count()]
    refused = told.page.locator("[data-state=failed]")
    expect(refused).to_contain_text("The floor was not yours at that moment.")
    refused.get_by_role("button", name="Edit").click()
    expect(told.composer).to_have_value(re.compile("of two answers"))
    for tab in tabs:
        tab.my_move()
    assert seated.transcript() == other.transcript()
    assert [entry["who"] for entry in seated.transcript()].count("you") == 1
