"""A house that has been open for a while, seen from backstage: set up and used by its own doors."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import Page

from compose import local

NAME, PASSWORD = "ada", "behind-the-curtain"
NOBODY = "http://127.0.0.1:9/v1"
MODELS = ("fast", "fast", "careful", "fast", "careful")
TALES = (40, 900, 260, 1800, 120)  # words of a prompt


@dataclass(frozen=True)
class Backstage:
    """The house, its operator, and a program that asks it things."""

    stack: local.Stack
    key: str

    def enter(self, page: Page) -> None:
        """Sign the operator in."""
        page.goto("/admin/login/")
        page.locator("#id_username").fill(NAME)
        page.locator("#id_password").fill(PASSWORD)
        page.locator("input[type=submit]").click()
        page.wait_for_url(re.compile(r"/admin/$"))

    def ask(self, model: str, n_words: int) -> None:
        """Ask a model something of so many words; a refusal is as good as an answer."""
        said = {"role": "user", "content": "word " * n_words}
        request = Request(
            f"{self.stack.url}v1/chat/completions",
            json.dumps({"model": model, "messages": [said], "max_tokens": 400}).encode(),
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=30) as answer:
                answer.read()
        except HTTPError as refusal:
            refusal.close()


@contextmanager
def opened(stack: local.Stack) -> Iterator[Backstage]:
    """Yield the house with two tenants and two providers, one of which fails in a drill.

    It refuses our key, as far as anybody can tell: after that it is left alone for minutes.
    """
    with _upstream() as address:
        house = Backstage(stack, _set_up(stack, address))
        for model, n_words in zip(MODELS * 3, cycle(TALES), strict=False):
            house.ask(model, n_words)
        yield house


_CONFIGURATION = """
createsuperuser --noinput --username={name} --email=ada@stage.example
gateway provider add gpu-room --adapter openai --vendor vllm --base-url {nobody} --local --places 16
gateway provider add deepseek --adapter openai --vendor deepseek --base-url {address}
gateway route add fast --target gpu-room/qwen3-32b --target deepseek/deepseek-chat
gateway route add careful --target deepseek/deepseek-reasoner --cache 60
gateway key create --tenant law-clinic --create-tenant --name intake --models careful --rpm 10
gateway key create --tenant law-clinic --name archive --scopes embeddings models --budget 5
gateway fault add drill --profile status --status 401 --provider gpu-room --minutes 120
gateway fault add unlucky --profile status --status 503 --route careful --probability 0.4
gateway key create --tenant newsroom --create-tenant --name headlines --rpm 120 --budget 20
"""


@contextmanager
def _upstream() -> Iterator[str]:
    """Yield the address of a model server that answers everything."""
    words = [sys.executable, "-m", "tests.fakes.upstream", "--tokens", "180"]
    with subprocess.Popen(words, cwd=local.ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


# Every command in one process: each would read all of Django anew.
_COMMANDS = """
import sys
import django
django.setup()
from django.core.management import call_command
for line in sys.stdin:
    call_command(*line.split())
"""


def _set_up(stack: local.Stack, address: str) -> str:
    """Configure the house as its operator would, and return the program's key."""
    environment = {**os.environ, "DATA_DIR": str(stack.data_dir), "ENV_FILE": os.devnull}
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    environment |= {
        "REDIS_PREFIX": "e2e:",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    done = subprocess.run(
        [sys.executable, "-c", _COMMANDS],
        input=_CONFIGURATION.format(address=address, nobody=NOBODY, name=NAME).strip(),
        env=environment,
        cwd=local.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]
