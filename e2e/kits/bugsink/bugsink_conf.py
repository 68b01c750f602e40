"""Bugsink for the suite: everything under BUGSINK_DIR, tasks at once, nothing sent."""

import os

from bugsink.settings.default import *  # noqa

SECRET_KEY = "for tests on the loopback interface"
for name in DATABASES:  # noqa
    DATABASES[name]["NAME"] = os.path.join(os.environ["BUGSINK_DIR"], name + ".sqlite3")  # noqa
INGEST_STORE_BASE_DIR = os.path.join(os.environ["BUGSINK_DIR"], "ingest")
SNAPPEA = {"TASK_ALWAYS_EAGER": True}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
ALLOWED_HOSTS = ["*"]
BUGSINK = {
    "BASE_URL": "http://127.0.0.1",
    "SINGLE_USER": True,
    "SINGLE_TEAM": True,
    "PHONEHOME": False,
    "DIGEST_IMMEDIATELY": True,
}
