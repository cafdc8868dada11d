"""Settings come from the environment alone, and a missing one stops the start with its name."""

from pathlib import Path

import environ
import structlog
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _keys(name: str) -> str:
    """From the variable, or from the file that the variable with `_FILE` names."""
    file = env.str(f"{name}_FILE", default="")
    return Path(file).read_text() if file else env.str(name, default="", multiline=True)


SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", default=False)
PUBLIC_URL = env.str("HANDRAIL_PUBLIC_URL").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Keys for what is encrypted at rest (secrets, callback addresses): the first encrypts,
# all decrypt, so that a key is rotated by putting a new one in front.
ENCRYPTION_KEYS = env.list("HANDRAIL_ENCRYPTION_KEYS")
# Decides which cases are sampled and audited: reproducible for whoever knows it,
# unpredictable for an agent.
SAMPLING_SECRET = env.str("HANDRAIL_SAMPLING_SECRET").encode()
# Ed25519 keys in PEM: the first private one signs permits, the public halves of all are published,
# so that a key is rotated by putting a new one in front. Only the web process needs them.
PERMIT_KEYS = _keys("HANDRAIL_PERMIT_KEYS")
# How long an approval may wait to be used by an agent that runs the action itself.
GRANT_SECONDS = env.int("HANDRAIL_GRANT_SECONDS", default=3_600)
PERMIT_SECONDS = env.int("HANDRAIL_PERMIT_SECONDS", default=86_400)
# The same for checkpoints of the record. Only workers sign; the web process may have the public
# halves, to publish them.
CHECKPOINT_KEYS = _keys("HANDRAIL_CHECKPOINT_KEYS")
# Where checkpoints go so that whoever owns the database cannot take them back: a folder that is
# mounted there, or any storage of Django's as JSON, and an address that is told of each.
CHECKPOINT_DIR = env.str("HANDRAIL_CHECKPOINT_DIR", default="")
CHECKPOINT_STORAGE = env.json("HANDRAIL_CHECKPOINT_STORAGE", default={})
CHECKPOINT_WEBHOOK = env.str("HANDRAIL_CHECKPOINT_WEBHOOK", default="")
# Another function may stand here, for a key that never leaves its hardware.
PERMIT_SIGNER = "agents.signing.sign"
# host:port pairs or networks that outcomes and webhooks may reach although they are private.
OUTBOUND_ALLOW = env.list("HANDRAIL_OUTBOUND_ALLOW", default=[])

# Another address only where a proxy or a test stands for the service.
SLACK_API_URL = env.str("HANDRAIL_SLACK_API_URL", default="https://slack.com/api").rstrip("/")

# What outcomes may change and call beside sending requests: see docs/outcomes.md.
OUTCOME_RECORDS = env.json("HANDRAIL_OUTCOME_RECORDS", default={})
OUTCOME_FUNCTIONS = env.json("HANDRAIL_OUTCOME_FUNCTIONS", default={})

INSTALLED_APPS = [
    "config.apps.HandrailAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "workflows",
    "reviews",
    "agents",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.PersonalMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.SettingsHistoryMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reviews.views.shell.rail",
                "reviews.views.shell.personal",
            ]
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL", engine="django.db.backends.postgresql")}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "pool",
    {
        "min_size": 1,
        "max_size": env.int("HANDRAIL_DATABASE_POOL", default=12),
        "timeout": 10,
    },
)
# Statements of the hot path are prepared (workflows/prepared.py); behind a pooler that cannot
# carry prepared statements, 0 switches that off.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = (
    env.int("HANDRAIL_PREPARE_THRESHOLD", default=2) or None
)
# A restarted PostgreSQL costs one check, not a failed request for every old connection.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "handrail_cache"}
}

AUTHENTICATION_BACKENDS = ["reviews.login.PersonBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "queue-list"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

# TLS ends at the proxy; behind plain HTTP on a laptop these stay off.
if env.bool("HANDRAIL_HTTPS", default=PUBLIC_URL.startswith("https://")):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env.bool("HANDRAIL_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.int("HANDRAIL_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

# Pages show hostile agent text: nothing inline, nothing foreign, no eval.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Where mail leaves, as smtp+tls://user:password@host:587; empty: this site sends none.
EMAIL_URL = env.str("HANDRAIL_EMAIL_URL", default="")
vars().update(env.email_url_config(EMAIL_URL or "dummymail://"))
DEFAULT_FROM_EMAIL = env.str("HANDRAIL_MAIL_FROM", default="Handrail <handrail@localhost>")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = env.str("HANDRAIL_STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or env.bool("HANDRAIL_TESTING", default=False)
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
    # What is attached to cases: in a directory that no server serves and all web hosts share, or
    # in an object store, by the class and the options of its storage.
    "attachments": {
        "BACKEND": env.str(
            "HANDRAIL_ATTACHMENT_STORAGE", default="django.core.files.storage.FileSystemStorage"
        ),
        "OPTIONS": env.json(
            "HANDRAIL_ATTACHMENT_STORAGE_OPTIONS",
            default={
                "location": env.str(
                    "HANDRAIL_ATTACHMENT_DIRECTORY", default=str(BASE_DIR / "attachments")
                )
            },
        ),
    },
}
if CHECKPOINT_STORAGE or CHECKPOINT_DIR:
    STORAGES["checkpoints"] = CHECKPOINT_STORAGE or {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": CHECKPOINT_DIR},
    }
FILE_UPLOAD_HANDLERS = [
    "reviews.uploads.Scales",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
ATTACHMENT_BYTES = env.int("HANDRAIL_ATTACHMENT_BYTES", default=10 * 1024 * 1024)
ATTACHMENTS_PER_CASE = env.int("HANDRAIL_ATTACHMENTS_PER_CASE", default=20)
# As drawn, all frames together: a small file can hold an image that fills a browser's memory.
ATTACHMENT_PIXELS = env.int("HANDRAIL_ATTACHMENT_PIXELS", default=40_000_000)
WHITENOISE_USE_FINDERS = DEBUG

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["agents.authentication.AgentKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["agents.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["agents.throttling.KeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["agents.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "agents.api.problems.as_problem",
    "UNAUTHENTICATED_USER": None,
}
# How many calls of the people's API one person may make in a minute.
PERSON_CALLS_PER_MINUTE = env.int("HANDRAIL_PERSON_CALLS_PER_MINUTE", default=600)
SPECTACULAR_SETTINGS = {
    "TITLE": "Handrail",
    "DESCRIPTION": "Ask a human before an agent acts: one call that returns a decision.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)
# Empty: by the scheme of the URL. The trial names its own, which needs no broker.
CELERY_BROKER_TRANSPORT = env.str("CELERY_BROKER_TRANSPORT", default="")
CELERY_BROKER_TRANSPORT_OPTIONS = env.json("CELERY_BROKER_TRANSPORT_OPTIONS", default={})
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A task is a nudge, the row is the promise: the sweep finds what a lost message forgot,
# so a message that nobody read for a minute is only noise.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "reviews.sweep",
        "schedule": env.float("HANDRAIL_SWEEP_SECONDS", default=1.0),
        "options": {"expires": 10},
    },
    "expire": {"task": "reviews.expire", "schedule": 5.0, "options": {"expires": 10}},
    "mail": {"task": "reviews.mail", "schedule": 60.0, "options": {"expires": 60}},
    "ask about permits": {"task": "reviews.ask_about_permits", "schedule": 60.0},
    "checkpoint": {"task": "reviews.checkpoint", "schedule": 60.0, "options": {"expires": 60}},
    "retain": {"task": "reviews.retain", "schedule": 600.0, "options": {"expires": 600}},
    "forget drafts": {"task": "reviews.forget_drafts", "schedule": 3600.0},
    "throw away": {"task": "reviews.throw_away", "schedule": 3600.0},
    "forget": {"task": "agents.forget_idempotency_keys", "schedule": 3600.0},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
            ],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
