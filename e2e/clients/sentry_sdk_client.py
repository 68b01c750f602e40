"""Report to Sentry what a program in trouble reports, with credentials in it.

sentry_sdk_client.py DSN: credentials come on standard input as JSON. How many
envelopes were handed to the transport is not known here; what failed is.
"""

import json
import logging
import sys

import sentry_sdk
from sentry_sdk.crons import capture_checkin

secrets = json.load(sys.stdin)
sentry_sdk.init(
    dsn=sys.argv[1],
    send_default_pii=True,
    traces_sample_rate=1.0,
    enable_logs=True,
    server_name="web-1",
    release="shop@1.8.2",
    environment="staging",
    max_request_body_size="always",
    event_scrubber=None,
)
sentry_sdk.set_user({"id": "42", "username": "jane"})
sentry_sdk.set_tag("region", "eu")
sentry_sdk.set_context("database", {"dsn": f"postgresql://app:{secrets['database']}@db:5432/app", "pool": 5})
sentry_sdk.add_breadcrumb(category="http", message="GET /orders", data={"authorization": "Bearer " + secrets["session"]})


def charge(key, amount):
    cart = {"amount": amount, "items": 3}
    raise ValueError(f"charge of {cart['amount']} with {key} refused")


with sentry_sdk.start_transaction(op="task", name="nightly"):
    with sentry_sdk.start_span(op="http.client", name=f"GET https://oauth2:{secrets['github']}@github.com/acme/app.git"):
        pass
    try:
        charge(secrets["stripe"], 12.5)
    except ValueError:
        sentry_sdk.capture_exception()
sentry_sdk.set_extra("config", {"password": secrets["password"], "port": 5432})
sentry_sdk.capture_message(f"uploading with {secrets['aws']} and 3 files")
sentry_sdk.capture_message("an ordinary message: naïve café, 100 % & <b>more</b>")
sentry_sdk.logger.warning("key {key} is old, {n} left", key=secrets["stripe"], n=2)
logging.getLogger("shop").error("login of %s with %s", "jane", secrets["github"])
capture_checkin(monitor_slug="nightly", status="ok", duration=1.5)
sentry_sdk.flush(timeout=20)
print(json.dumps({"done": True}))
