"""Views that fail, each in a way seen in real APIs."""

import os
import traceback

from django.conf import settings
from django.core.exceptions import PermissionDenied as Denied
from django.db import DatabaseError, IntegrityError, connection, connections
from django.http import HttpResponse
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Customer


def limits(get_response):
    def middleware(request):
        response = get_response(request)
        response["Access-Control-Allow-Origin"] = "https://shop.example.com"
        response["X-RateLimit-Remaining"] = "41"
        return response

    return middleware


class LedgerError(Exception):
    pass


def charge_ledger(invoice, deploy_token):
    session = {"user": 7, "jwt": os.environ["SESSION_CREDENTIAL"]}
    replica = os.environ["REPLICA"]
    retries = 3
    raise LedgerError(f"ledger at {replica} refused invoice {invoice['number']} after {retries} attempts")


def settle(request, number):
    invoice = {"number": number, "email": os.environ["ROW_EMAIL"], "margin_cents": 1250}
    charge_ledger(invoice, os.environ["DEPLOY_CREDENTIAL"])
    return HttpResponse("settled")


def read_report():
    try:
        with connections["reports"].cursor() as cursor:
            cursor.execute("SELECT id, margin_cents FROM customer_ledger")
            return cursor.fetchall()
    except DatabaseError as e:
        raise LedgerError(f"cannot reach {settings.DATABASE_URL}") from e


def daily_report(request):
    return HttpResponse(repr(read_report()))


class Unavailable(exceptions.APIException):
    status_code = 503


class Health(APIView):
    """The check passes on what the database says."""

    def get(self, request):
        try:
            read_report()
        except LedgerError as e:
            response = Response({"status": "down", "error": str(e), "cause": str(e.__cause__)}, status=503)
            response["Retry-After"] = "30"
            response["Server-Timing"] = 'db;desc="' + settings.DATABASES["reports"]["HOST"] + '";dur=2001.4'
            return response


class Customers(APIView):
    def post(self, request):
        Customer.objects.create(email=request.data["email"])
        return Response(status=201)


class CustomerImport(APIView):
    def post(self, request):
        try:
            Customer.objects.create(email=request.data["email"])
        except IntegrityError as e:
            detail = (
                f"{e}: duplicate key value violates unique constraint \"shop_customer_email_key\"\n"
                f"DETAIL:  Key (email)=({os.environ['ROW_EMAIL']}) already exists."
            )
            return Response({"detail": detail, "code": "duplicate"}, status=409)


class Invoice(APIView):
    def get(self, request, number):
        raise exceptions.NotFound(f"Invoice {number} does not exist.")


class Export(APIView):
    """A handler answers with the exception and its traceback as JSON."""

    def get(self, request, number):
        statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = %s"
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, [number])
        except DatabaseError as e:
            body = {
                "error": str(e),
                "exception": type(e).__name__,
                "traceback": traceback.format_exc(),
                "context": {"database": settings.DATABASE_URL, "attempt": 3},
            }
            return Response(body, status=500, headers={"X-Debug-Query": statement})


class Order(serializers.Serializer):
    reference = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=10)
    currency = serializers.ChoiceField(["EUR", "USD"])
    address = serializers.CharField()


class Orders(APIView):
    def post(self, request):
        order = Order(data=request.data)
        order.is_valid(raise_exception=True)
        return Response(order.data, status=201)


class Ledger(APIView):
    def get(self, request):
        raise exceptions.PermissionDenied("Only accountants may open the ledger.")


def console(request):
    raise Denied(f"console is for {settings.DATABASES['reports']['HOST']} operators")


class Me(APIView):
    def get(self, request):
        detail = {"detail": "Your session has expired. Please sign in again.", "code": "session_expired"}
        return Response(detail, status=401, headers={"WWW-Authenticate": 'Bearer realm="shop", error="invalid_token"'})


class Limited(APIView):
    def get(self, request):
        raise exceptions.Throttled(wait=17)
