"""Log with the standard library and ship over HTTP.

ship.py URL handler|lines: "handler" uses logging.handlers.HTTPHandler, "lines"
posts the text of Django's verbose formatter and JSON lines. Credentials come on
standard input as JSON. The number of requests that succeeded is printed as JSON.
"""

import io
import json
import logging
import logging.handlers
import sys
from urllib.parse import urlsplit

import requests

url, way = sys.argv[1:]
secrets = json.load(sys.stdin)

# Django's documentation calls this format verbose.
VERBOSE = "{levelname} {asctime} {module} {process:d} {thread:d} {message}"


def work(log):
    """Log what applications log, some of it with credentials.

    They are part of the message here. HTTPHandler sends the arguments of a
    message apart from it, where nothing says that a value is a password.
    """
    log.info("listening on 0.0.0.0:8000, 4 workers")
    log.info("GET /api/orders?page=2&sort=-total 200 in %.1f ms", 12.5)
    log.warning(f"retrying with key {secrets['stripe']}")
    log.error(f"connect postgresql://app:{secrets['database']}@db.internal:5432/app?sslmode=require failed")
    log.info('config {"user": "app", "password": "' + secrets["password"] + '", "port": 5432}')
    log.debug("request id 8c1f6a52-7f0e-4c7b-9d0e-2f6f3f1f9a11 sha 9fceb02d0ae598e95dc970b74767f19372d61af8")
    try:
        fetch(secrets["github"])
    except ValueError:
        log.exception("unhandled exception in %s", "worker-3")
    log.info(f"signed with\n{secrets['pem']}\nfor 3 hosts")
    log.info("done: naïve café, 100% & <b>more</b>")


def fetch(token):
    raise ValueError(f"401 for https://oauth2:{token}@github.com/acme/app.git")


class Lines(logging.Handler):
    """Collect records as JSON lines."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        entry = {"level": record.levelname, "logger": record.name, "message": record.getMessage(), "line": record.lineno}
        if record.exc_info:
            entry["exc_info"] = logging.Formatter().formatException(record.exc_info)
        self.lines.append(json.dumps(entry, ensure_ascii=False))


log = logging.getLogger("shop.worker")
log.setLevel(logging.DEBUG)
log.propagate = False
sent = 0
if way == "handler":

    class Handler(logging.handlers.HTTPHandler):
        def handleError(self, record):
            raise sys.exc_info()[1]

    parts = urlsplit(url)
    log.addHandler(Handler(parts.netloc, parts.path, method="POST"))
    work(log)
    sent = 1
else:
    text, lines = io.StringIO(), Lines()
    stream = logging.StreamHandler(text)
    stream.setFormatter(logging.Formatter(VERBOSE, style="{"))
    log.addHandler(stream)
    log.addHandler(lines)
    work(log)
    for body, content_type in (
        (text.getvalue(), "text/plain; charset=utf-8"),
        ("\n".join(lines.lines) + "\n", "application/x-ndjson"),
    ):
        answer = requests.post(url, data=body.encode(), headers={"Content-Type": content_type}, timeout=20)
        answer.raise_for_status()
        sent += 1
print(json.dumps({"sent": sent}))
