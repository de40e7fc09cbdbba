"""The settings the tests run with: the real ones on a throw-away stack.

The stack is the embedded Postgres and Valkey that ``tests/conftest.py`` starts once per run in
``HOTSEAT_TEST_STACK``; workers of pytest-xdist inherit the variable and share the servers, each
with a database, a Redis database and a key prefix of its own. ``TEST_DATABASE_URL`` and
``TEST_REDIS_URL`` point the tests at other servers.
"""

import os
import tempfile
from urllib.parse import quote

if "HOTSEAT_TEST_STACK" not in os.environ:
    os.environ["HOTSEAT_TEST_STACK"] = tempfile.mkdtemp(prefix="hotseat-tests-")
_stack = os.environ["HOTSEAT_TEST_STACK"]
_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
_redis_database = 1 + int(_worker.removeprefix("gw")) if _worker.startswith("gw") else 0

os.environ.update(
    {
        "ENV_FILE": os.devnull,
        "DATA_DIR": _stack,
        "SECRET_KEY": "only-for-tests-" * 4,
        "DATABASE_URL": os.environ.get("TEST_DATABASE_URL")
        or f"postgresql://hotseat@/hotseat?host={quote(f'{_stack}/run/postgres')}",
        "REDIS_URL": os.environ.get("TEST_REDIS_URL")
        or f"unix://{_stack}/run/valkey.sock?db={_redis_database}",
        "REDIS_PREFIX": f"test-{_worker}:",
        "DATABASE_POOL_SIZE": "8",
        "STATIC_ROOT": f"{_stack}/static",
    }
)

from config.settings import *  # noqa: E402, F403
from config.settings import STORAGES  # noqa: E402

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
