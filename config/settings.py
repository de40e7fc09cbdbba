"""Every setting of the project; the only file that reads the environment.

There is one settings file, because nothing exists only in production: differences come from
variables, and every variable is listed in ``.env.example``.
"""

import secrets
from pathlib import Path

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent

# What `make run` leaves behind while it runs comes after .env, so a choice in .env wins.
env.load_file(BASE_DIR / env.text("ENV_FILE", default=".env"))
DATA_DIR = (BASE_DIR / env.text("DATA_DIR", default=".data")).resolve()
env.load_file(DATA_DIR / "run" / "stack.env")


def _secret_key() -> str:
    """Return the signing key: given, or made once and kept in the data folder."""
    given = env.text("SECRET_KEY", default="")
    if given:
        return given
    path = DATA_DIR / "secret_key"
    try:
        if not path.exists():
            DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(50), encoding="ascii")
        return path.read_text(encoding="ascii").strip()
    except OSError:
        raise env.EnvError(
            f"SECRET_KEY is not set and none can be kept in {DATA_DIR}; set one of the two."
        ) from None


# --- Django ---------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = _secret_key()
PUBLIC_ORIGIN = env.text("PUBLIC_ORIGIN", default="")  # e.g. https://hotseat.example
IS_HTTPS = PUBLIC_ORIGIN.startswith("https://")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default=("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN] if PUBLIC_ORIGIN else []

INSTALLED_APPS = [
    "daphne",
    "config.apps.ProjectConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "ninja",
    "gateway",
    "interview",
    "leaderboard",
]

MIDDLEWARE = [
    "config.middleware.RequestContext",
    "config.middleware.KnownHost",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicy",
    "interview.api.strays.Strays",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
AUTH_USER_MODEL = "gateway.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Postgres -------------------------------------------------------------------------------

DATABASES = {
    "default": {
        "ENGINE": "config.postgres",  # counts queries, and gives out no dead connection
        **env.postgres("DATABASE_URL", default="postgresql://hotseat@127.0.0.1:5432/hotseat"),
        "OPTIONS": {
            **env.postgres_options("DATABASE_URL"),
            # A thread holds a connection only while it works; the pool is shared by a process.
            "pool": {
                "min_size": 1,
                "max_size": env.integer("DATABASE_POOL_SIZE", default=20, minimum=2),
                "timeout": env.number("DATABASE_POOL_WAIT_SECONDS", default=10.0),
            },
        },
    },
}

# --- Redis (or Valkey): channel layer, broker, relay, limits ---------------------------------

REDIS_URL = env.redis_url("REDIS_URL", default="redis://127.0.0.1:6379/0")
REDIS_PREFIX = env.text("REDIS_PREFIX", default="hotseat:")

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{REDIS_PREFIX}layer:"},
    },
}

# Short counts, such as those of the limits by address.
CACHES = {
    "default": {
        "BACKEND": "config.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"{REDIS_PREFIX}cache",
        "OPTIONS": {"socket_timeout": 2.0, "socket_connect_timeout": 2.0},
    },
}

# --- Celery ---------------------------------------------------------------------------------

LEASE_SECONDS = env.number("LEASE_SECONDS", default=4.0, minimum=0.5)
HEARTBEAT_SECONDS = env.number("HEARTBEAT_SECONDS", default=1.0, minimum=0.05)

CELERY_BROKER_URL = env.celery_broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_PREFIX}celery:",
    # A message that a dead worker took comes back after this long; the reaper in beat is the
    # quick way, this is the net under it.
    "visibility_timeout": env.integer("TASK_VISIBILITY_SECONDS", default=300, minimum=10),
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "reap turns": {
        "task": "interview.reap_turns",
        "schedule": env.number("REAP_EVERY_SECONDS", default=2.0),
        "options": {"expires": 10},
    },
    "close idle rooms": {"task": "interview.close_idle_rooms", "schedule": 3600.0},
    "reap requests": {
        "task": "gateway.reap_requests",
        "schedule": env.number("GATEWAY_REAP_EVERY_SECONDS", default=2.0, minimum=0.1),
        "options": {"expires": 10},
    },
    "reconcile money": {
        "task": "gateway.reconcile",
        "schedule": env.number("GATEWAY_RECONCILE_EVERY_SECONDS", default=60.0, minimum=5.0),
        "options": {"expires": 60},
    },
    "roll up usage": {
        "task": "gateway.roll_up_usage",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "alert budgets": {
        "task": "gateway.alert_budgets",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "run" / "beat-schedule")

# --- The gateway ----------------------------------------------------------------------------

TURNS_CONCURRENCY = env.integer("TURNS_CONCURRENCY", default=256, minimum=1)
TURNS_QUEUE_LIMIT = env.integer("TURNS_QUEUE_LIMIT", default=500)
ADMISSION_POLICY = env.choice("ADMISSION_POLICY", default="reject", options=("reject", "degrade"))
RELAY_FLUSH_SECONDS = env.number("RELAY_FLUSH_SECONDS", default=0.01)
RELAY_MAXLEN = env.integer("RELAY_MAXLEN", default=5000, minimum=1)
RELAY_TTL_SECONDS = env.integer("RELAY_TTL_SECONDS", default=600, minimum=1)
PROVIDER_DEADLINES = {
    "connect_seconds": env.number("PROVIDER_CONNECT_SECONDS", default=5.0),
    "first_seconds": env.number("PROVIDER_FIRST_SECONDS", default=20.0),
    "idle_seconds": env.number("PROVIDER_IDLE_SECONDS", default=15.0),
    "total_seconds": env.number("PROVIDER_TOTAL_SECONDS", default=120.0),
}

# Which routes play in the rooms: empty is the scripted panel, the rules, the director's own rules.
ROOM_MODEL_ROUTE = env.text("ROOM_MODEL_ROUTE", default="")
JUDGE_MODEL_ROUTE = env.text("JUDGE_MODEL_ROUTE", default="")
DIRECTOR_MODEL_ROUTE = env.text("DIRECTOR_MODEL_ROUTE", default="")
ROOM_FIRST_WORDS_SECONDS = env.number("ROOM_FIRST_WORDS_SECONDS", default=8.0, minimum=0.5)
ROOM_LINE_SECONDS = env.number("ROOM_LINE_SECONDS", default=20.0, minimum=1.0)
JUDGE_SECONDS = env.number("JUDGE_SECONDS", default=6.0, minimum=0.5)
DIRECTOR_SECONDS = env.number("DIRECTOR_SECONDS", default=1.5, minimum=0.2)
# How many judges an answer gets that a few points would settle; 1 is always the one alone.
JUDGE_VOTES = int(env.choice("JUDGE_VOTES", default="3", options=("1", "3", "5")))

# While the store is away each process takes its share of every limit: one of so many.
GATEWAY_REPLICAS = env.integer("GATEWAY_REPLICAS", default=1, minimum=1)
# Requests that may wait for a place at one provider, in each process.
GATEWAY_WAITING_LIMIT = env.integer("GATEWAY_WAITING_LIMIT", default=1_000, minimum=1)
# What each process keeps of answers in memory, on routes that keep them; the store has them too.
GATEWAY_CACHE_BYTES = env.integer("GATEWAY_CACHE_BYTES", default=64 * 1024 * 1024, minimum=0)
# How long a resumable stream is spoken on after its reader is gone.
GATEWAY_RESUME_SECONDS = env.number("GATEWAY_RESUME_SECONDS", default=60.0, minimum=0.0)
# How much is kept of one resumable stream; what is longer cannot be taken up again.
GATEWAY_RESUME_BYTES = env.integer("GATEWAY_RESUME_BYTES", default=4 * 1024 * 1024, minimum=1)
LEDGER_FOLDER = DATA_DIR / "ledger"
# Credentials of vendors: a provider may name one of these variables, and no other.
PROVIDER_API_KEYS = env.all_ending(suffix="_API_KEY")

DATA_PLANE_BODY_BYTES = env.integer("DATA_PLANE_BODY_BYTES", default=16 * 1024 * 1024, minimum=1)

# --- Languages ------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = IS_HTTPS
TIME_ZONE = "UTC"
USE_TZ = True

# --- Files ----------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", default=str(DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.storage.HashedStaticFiles"},
}
if DEBUG:  # edited files show at the next reload, under their plain names
    STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }
MEDIA_ROOT = DATA_DIR / "media"
WHITENOISE_MAX_AGE = 60
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024  # a résumé of 2 MB and its multipart dressing
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000  # the admin's inlines of a long question bank
DATA_UPLOAD_MAX_NUMBER_FILES = 4

# --- Safety ---------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", default=3600 if IS_HTTPS else 0)
SECURE_SSL_REDIRECT = False  # the proxy in front does it; behind it every request is plain
X_FRAME_OPTIONS = "DENY"
TRUST_PROXY = env.flag("TRUST_PROXY", default=False)
PROXY_HOPS = env.integer("PROXY_HOPS", default=1, minimum=1)  # proxies of ours, one after another
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'nonce-{nonce}'",
    "style-src": "'self'",
    "style-src-attr": "'unsafe-inline'",  # custom properties that place a seat or fill a meter
    "img-src": "'self' data:",
    "media-src": "'self' blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

# --- Limits: 0 is none ----------------------------------------------------------------------

# What one address may do in a window; a whole class may sit behind one address.
ADDRESS_WINDOW_SECONDS = env.integer("ADDRESS_WINDOW_SECONDS", default=600, minimum=1)
ROOMS_PER_ADDRESS = env.integer("ROOMS_PER_ADDRESS", default=300, minimum=0)
RESUMES_PER_ADDRESS = env.integer("RESUMES_PER_ADDRESS", default=300, minimum=0)
# Streams open at once, in each web process.
READERS_PER_ROOM = env.integer("READERS_PER_ROOM", default=500, minimum=0)
READERS_PER_ADDRESS = env.integer("READERS_PER_ADDRESS", default=500, minimum=0)
# Failed sign-ins to the admin.
SIGN_IN_WINDOW_SECONDS = env.integer("SIGN_IN_WINDOW_SECONDS", default=600, minimum=1)
SIGN_INS_PER_ADDRESS = env.integer("SIGN_INS_PER_ADDRESS", default=30, minimum=0)
SIGN_INS_PER_NAME = env.integer("SIGN_INS_PER_NAME", default=10, minimum=0)
# From a request's first byte to its last.
REQUEST_SECONDS = env.number("REQUEST_SECONDS", default=60.0, minimum=0.1)

# --- Seen running ---------------------------------------------------------------------------

OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
SERVICE_NAME = env.text("OTEL_SERVICE_NAME", default="hotseat")
ENVIRONMENT = env.text("ENVIRONMENT", default="local")
COMPONENT = env.text("COMPONENT", default="manage")  # web, turns, background, beat
METRICS_PORT = env.integer("METRICS_PORT", default=0)  # 0: this process opens no scrape port
METRICS_HOST = env.text("METRICS_HOST", default="127.0.0.1")
METRICS_DIR = env.text("PROMETHEUS_MULTIPROC_DIR", default="")  # processes that count together
METRICS_TOKEN = env.text("METRICS_TOKEN", default="")  # empty: only this machine may scrape
DRAIN_NOTICE_SECONDS = env.number("DRAIN_NOTICE_SECONDS", default=0.0)
DRAIN_SECONDS = env.number("DRAIN_SECONDS", default=10.0)
LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", options=("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", default="json", options=("json", "console"))
LOGGING_CONFIG = "config.logging.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT, "component": COMPONENT}
