"""Settings of the shop for Django 3.2 to 5.2."""

import os
from urllib.parse import urlsplit

DEBUG = os.environ["APP_DEBUG"] == "1"
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["rest_framework", "shop"]
MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware",
    "shop.views.limits",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASE_URL = os.environ["DATABASE_URL"]
_reports = urlsplit(DATABASE_URL)
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["APP_DATA"] + "/shop.db"},
    "reports": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _reports.hostname,
        "PORT": 1,
        "NAME": _reports.path[1:],
        "USER": _reports.username,
        "PASSWORD": _reports.password,
        # No name is looked up, and at this port nothing listens.
        "OPTIONS": {"hostaddr": "127.0.0.1", "connect_timeout": 2},
    },
}
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [], "UNAUTHENTICATED_USER": None}
