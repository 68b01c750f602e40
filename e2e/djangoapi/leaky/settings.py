"""Settings as they are found in the wild: credentials come from the environment."""

import os

DEBUG = os.environ["DJANGO_DEBUG"] == "1"
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "leaky.urls"
INSTALLED_APPS = ["rest_framework"]
MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True

# The page that DEBUG shows masks values whose names say that they are secret.
# The addresses below are not masked.
DATABASE_URL = os.environ["DATABASE_URL"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "USER": "app",
        "PASSWORD": os.environ["DATABASE_PASSWORD"],
    }
}
CELERY_BROKER_URL = "amqp://worker:" + os.environ["BROKER_PASSWORD"] + "@mq.internal:5672/jobs"
BILLING = {"url": "https://billing.internal/v1", "stripe": os.environ["BILLING_CREDENTIAL"]}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
}
