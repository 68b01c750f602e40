"""Endpoints that leak, each in a way seen in real APIs, and some that do not."""

import os
import traceback

from django.conf import settings
from django.db import IntegrityError
from django.http import HttpResponse, HttpResponseRedirect
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import APIView


def connect(dsn, password):
    """Fail as a database driver does: with what it was given in the message."""
    raise ConnectionError(f'connection to server failed for "{dsn}": FATAL: no pg_hba.conf entry')


def boom(request):
    """Fail unhandled, with credentials in locals of several frames."""
    github = os.environ["DEPLOY_CREDENTIAL"]
    pem = os.environ["SIGNING_PEM"]
    session = {"user": 7, "jwt": os.environ["SESSION_CREDENTIAL"]}
    retries = 3
    connect(settings.DATABASE_URL, settings.DATABASES["default"]["PASSWORD"])
    return HttpResponse(f"{github}{pem}{session}{retries}")


class PaymentRefused(APIException):
    status_code = 502


class Refused(APIView):
    """The payment provider's message is passed on as the detail."""

    def get(self, request):
        raise PaymentRefused(f"Invalid API Key provided: {settings.BILLING['stripe']} (request req_8uW2, ünïcode)")


class Handled(APIView):
    """A handler answers with the exception and its traceback as JSON."""

    def get(self, request):
        try:
            connect(settings.DATABASE_URL, settings.DATABASES["default"]["PASSWORD"])
        except ConnectionError as e:
            return Response(
                {
                    "error": str(e),
                    "trace": traceback.format_exc(),
                    "context": {"broker": settings.CELERY_BROKER_URL, "attempt": 3, "took": 1.50},
                },
                status=500,
            )


class Unauthorized(APIView):
    """Debugging help in headers."""

    def get(self, request):
        session = os.environ["SESSION_CREDENTIAL"]
        response = Response({"detail": "Authentication credentials were not provided."}, status=401)
        response["WWW-Authenticate"] = 'Bearer realm="api", error="invalid_token"'
        response["X-Debug-Info"] = f"verified={session}; upstream=auth-2"
        response["Location"] = f"https://login.internal/?next=/api&access_token={os.environ['DEPLOY_CREDENTIAL']}"
        response["X-RateLimit-Remaining"] = "41"
        response["Retry-After"] = "7"
        return response


class Conflict(APIView):
    """A database's message with the statement and its parameters."""

    def post(self, request):
        user = {"name": request.data["name"], "password": os.environ["DATABASE_PASSWORD"]}
        try:
            raise IntegrityError(
                'duplicate key value violates unique constraint "users_name_key"\n'
                f"DETAIL:  Key (name)=({user['name']}) already exists.\n"
                f"[SQL: INSERT INTO users VALUES (%(name)s, %(password)s)] [parameters: {user}]"
            )
        except IntegrityError as e:
            return Response({"detail": str(e), "code": "unique"}, status=409)


class Order(serializers.Serializer):
    password = serializers.CharField(min_length=12)
    token = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=10)
    currency = serializers.ChoiceField(["EUR", "USD"])


class Orders(APIView):
    """Validation messages, and an answer in which nothing is wrong."""

    def get(self, request):
        orders = [{"id": i, "total": f"{i}.10", "note": "naïve café", "big": 2**63 + i} for i in range(40)]
        return Response({"count": 40, "next": None, "results": orders})

    def post(self, request):
        order = Order(data=request.data)
        order.is_valid(raise_exception=True)
        return Response(order.data, status=201)


def page(request):
    return HttpResponse("<!doctype html><title>ok</title><p class=a>Fish &amp; chips</p>" + "<br>" * 80)


def image(request):
    return HttpResponse(bytes(range(256)) * 8, content_type="image/png")


def empty(request):
    return HttpResponse(status=204)


def moved(request):
    return HttpResponseRedirect(f"https://app.internal/cb?state=x1&access_token={os.environ['DEPLOY_CREDENTIAL']}&lang=en")
