"""The shop with Flask: app.py ADDRESS, with Werkzeug's debugger if APP_DEBUG is 1, else with waitress."""

import os
import sys
import traceback

from flask import Flask, abort, jsonify, request
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
database_url = os.environ["DATABASE_URL"]
shop = create_engine("sqlite:///" + os.environ["APP_DATA"] + "/shop.db")
# No name is looked up, and at this port nothing listens.
reports = create_engine(
    make_url(database_url).set(drivername="postgresql+psycopg2", port=1, query={}),
    connect_args={"hostaddr": "127.0.0.1", "connect_timeout": 2},
)


class LedgerError(Exception):
    pass


@app.after_request
def limits(response):
    response.headers["Access-Control-Allow-Origin"] = "https://shop.example.com"
    response.headers["X-RateLimit-Remaining"] = "41"
    return response


def charge_ledger(invoice, deploy_token):
    session = {"user": 7, "jwt": os.environ["SESSION_CREDENTIAL"]}
    replica = os.environ["REPLICA"]
    retries = 3
    raise LedgerError(f"ledger at {replica} refused invoice {invoice['number']} after {retries} attempts")


@app.get("/invoices/<int:number>/settle")
def settle(number):
    invoice = {"number": number, "email": os.environ["ROW_EMAIL"], "margin_cents": 1250}
    charge_ledger(invoice, os.environ["DEPLOY_CREDENTIAL"])


def read_report():
    try:
        with reports.connect() as connection:
            return connection.execute(text("SELECT id, margin_cents FROM customer_ledger")).all()
    except SQLAlchemyError as e:
        raise LedgerError(f"cannot reach {database_url}") from e


@app.get("/reports/daily")
def daily_report():
    return repr(read_report())


@app.get("/health")
def health():
    try:
        read_report()
    except LedgerError as e:
        headers = {"Retry-After": "30", "Server-Timing": f'db;desc="{make_url(database_url).host}";dur=2001.4'}
        return {"status": "down", "error": str(e), "cause": str(e.__cause__)}, 503, headers


def create_customer():
    email = request.get_json()["email"]
    with shop.begin() as connection:
        connection.execute(text("INSERT INTO shop_customer (email) VALUES (:email)"), {"email": email})


@app.post("/customers")
def customers():
    create_customer()
    return "", 201


@app.post("/customers/import")
def import_customers():
    try:
        create_customer()
    except IntegrityError as e:
        return {"message": str(e), "code": "duplicate"}, 409


@app.get("/invoices/<int:number>")
def invoice(number):
    abort(404, f"Invoice {number} does not exist.")


@app.get("/invoices/<int:number>/export")
def export(number):
    statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = :number"
    try:
        with shop.connect() as connection:
            connection.execute(text(statement), {"number": number})
    except SQLAlchemyError as e:
        body = {
            "error": str(e),
            "exception": type(e).__name__,
            "traceback": traceback.format_exc().splitlines(),
            "context": {"database": database_url, "attempt": 3},
        }
        return body, 500, {"X-Debug-Query": statement}


@app.post("/orders")
def orders():
    order, errors = request.get_json(), {}
    if order.get("quantity", 0) > 10:
        errors["quantity"] = ["Must be at most 10."]
    if order.get("currency") not in ("EUR", "USD"):
        errors["currency"] = [f"{order.get('currency')!r} is not one of EUR, USD."]
    if "address" not in order:
        errors["address"] = ["This field is required."]
    return {"message": "The order has mistakes.", "errors": errors}, 422


@app.get("/admin/ledger")
def ledger():
    abort(403, "Only accountants may open the ledger.")


@app.get("/admin/console")
def console():
    abort(403, f"console is for operators of {make_url(database_url).host}")


@app.get("/me")
def me():
    body = {"message": "Your session has expired. Please sign in again.", "code": "session_expired"}
    return body, 401, {"WWW-Authenticate": 'Bearer realm="shop", error="invalid_token"'}


@app.get("/limited")
def limited():
    response = jsonify(message="Too many requests. Try again in 17 seconds.")
    response.status_code = 429
    response.headers["Retry-After"] = "17"
    return response


if __name__ == "__main__":
    with shop.begin() as c:
        c.execute(text("CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)"))
        c.execute(text("INSERT INTO shop_customer (email, margin_cents) VALUES (:e, 1250)"), {"e": os.environ["ROW_EMAIL"]})
    host, port = sys.argv[1].split(":")
    if os.environ["APP_DEBUG"] == "1":
        app.run(host, int(port), debug=True, use_reloader=False)
    else:
        import waitress

        waitress.serve(app, host=host, port=int(port), threads=4)
