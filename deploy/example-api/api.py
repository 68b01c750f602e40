"""A Django REST Framework API that leaks on purpose: made-up credentials stand
in its error bodies and its log records."""

import datetime
import json
import logging
import logging.handlers
import os
import queue
import secrets
import urllib.request

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(
    DEBUG=True,
    SECRET_KEY=secrets.token_hex(32),
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from rest_framework.decorators import api_view  # noqa: E402
from rest_framework.response import Response  # noqa: E402

# Made anew at every start, so that no scanner takes this file for a leak.
PASSWORD = secrets.token_urlsafe(12)
DSN = f"postgresql://app:{PASSWORD}@db.internal:5432/shop"
API_KEY = "gh" + "p_" + secrets.token_hex(18)


class JSONOverHTTP(logging.Handler):
    """Posts each record as one JSON document."""

    def emit(self, record):
        document = {
            "@timestamp": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": self.format(record),
        }
        request = urllib.request.Request(
            os.environ["LOG_URL"],
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            urllib.request.urlopen(request, timeout=5).close()
        except OSError:
            self.handleError(record)


log = logging.getLogger("shop")
log.setLevel(logging.INFO)
log.addHandler(logging.StreamHandler())
if os.environ.get("LOG_URL"):
    pending = queue.Queue(1000)
    log.addHandler(logging.handlers.QueueHandler(pending))
    logging.handlers.QueueListener(pending, JSONOverHTTP()).start()


@api_view(["GET"])
def ok(request):
    return Response({"status": "ok"})


@api_view(["GET"])
def fail(request):
    log.error("cannot reach %s with key %s", DSN, API_KEY)
    return Response({"detail": f"connection to {DSN} failed", "api_key": API_KEY}, status=503)


@api_view(["GET"])
def crash(request):
    raise RuntimeError(f"cannot connect to {DSN}")


urlpatterns = [path("", ok), path("fail", fail), path("crash", crash)]
application = get_wsgi_application()
