"""The shop with FastAPI: app.py ADDRESS, with Starlette's debug page if APP_DEBUG is 1."""

import os
import sys
import traceback
from typing import Literal

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

app = FastAPI(debug=os.environ["APP_DEBUG"] == "1")
database_url = os.environ["DATABASE_URL"]
shop = create_engine("sqlite:///" + os.environ["APP_DATA"] + "/shop.db")
# No name is looked up, and at this port nothing listens.
reports = create_engine(
    make_url(database_url).set(drivername="postgresql+psycopg2", port=1, query={}),
    connect_args={"hostaddr": "127.0.0.1", "connect_timeout": 2},
)


class LedgerError(Exception):
    pass


@app.middleware("http")
async def limits(request: Request, call_next):
    response = await call_next(request)
    response.headers["Access-Control-Allow-Origin"] = "https://shop.example.com"
    response.headers["X-RateLimit-Remaining"] = "41"
    return response


def charge_ledger(invoice, deploy_token):
    session = {"user": 7, "jwt": os.environ["SESSION_CREDENTIAL"]}
    replica = os.environ["REPLICA"]
    retries = 3
    raise LedgerError(f"ledger at {replica} refused invoice {invoice['number']} after {retries} attempts")


@app.get("/invoices/{number}/settle")
def settle(number: int):
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
        return JSONResponse({"status": "down", "error": str(e), "cause": str(e.__cause__)}, 503, headers)


class Customer(BaseModel):
    email: str


def create_customer(email):
    with shop.begin() as connection:
        connection.execute(text("INSERT INTO shop_customer (email) VALUES (:email)"), {"email": email})


@app.post("/customers")
def customers(customer: Customer):
    create_customer(customer.email)


@app.post("/customers/import")
def import_customers(customer: Customer):
    try:
        create_customer(customer.email)
    except IntegrityError as e:
        raise HTTPException(409, {"message": str(e), "code": "duplicate"}) from e


@app.get("/invoices/{number}")
def invoice(number: int):
    raise HTTPException(404, f"Invoice {number} does not exist.")


@app.get("/invoices/{number}/export")
def export(number: int):
    statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = :number"
    try:
        with shop.connect() as connection:
            connection.execute(text(statement), {"number": number})
    except SQLAlchemyError as e:
        body = {
            "error": repr(e),
            "exception": type(e).__name__,
            "trace": traceback.format_exc(),
            "context": {"database": database_url, "attempt": 3},
        }
        return JSONResponse(body, 500, {"X-Debug-Query": statement})


class Order(BaseModel):
    quantity: int = Field(ge=1, le=10)
    currency: Literal["EUR", "USD"]
    address: str


@app.post("/orders")
def orders(order: Order):
    return order


@app.get("/admin/ledger")
def ledger():
    raise HTTPException(403, "Only accountants may open the ledger.")


@app.get("/admin/console")
def console():
    raise HTTPException(403, f"console is for operators of {make_url(database_url).host}")


@app.get("/me")
def me():
    headers = {"WWW-Authenticate": 'Bearer realm="shop", error="invalid_token"'}
    raise HTTPException(401, "Your session has expired. Please sign in again.", headers)


@app.get("/limited")
def limited():
    raise HTTPException(429, "Too many requests. Try again in 17 seconds.", {"Retry-After": "17"})


if __name__ == "__main__":
    with shop.begin() as c:
        c.execute(text("CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)"))
        c.execute(text("INSERT INTO shop_customer (email, margin_cents) VALUES (:e, 1250)"), {"e": os.environ["ROW_EMAIL"]})
    host, port = sys.argv[1].split(":")
    # After an exception uvicorn closes a connection without having said so, and a POST that is under way fails.
    uvicorn.run(app, host=host, port=int(port), log_level="warning", headers=[("Connection", "close")])
