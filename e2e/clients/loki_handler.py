"""Log the documents of a file with python-logging-loki: loki_handler.py URL FILE."""

import json
import logging
import sys

import logging_loki

url, file = sys.argv[1:]
failures = []


class Handler(logging_loki.LokiHandler):
    def handleError(self, record):
        failures.append(record)


log = logging.getLogger("shop.worker")
log.setLevel(logging.INFO)
log.addHandler(Handler(url=url + "/loki/api/v1/push", tags={"app": "shop"}, version="1"))
sent = 0
with open(file, encoding="utf-8") as f:
    for line in f:
        log.info("%s", line.rstrip("\n"), extra={"tags": {"env": "staging"}})
        sent += 1
print(json.dumps({"sent": sent, "failures": len(failures)}))
