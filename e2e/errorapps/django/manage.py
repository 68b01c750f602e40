"""Run the shop: manage.py ADDRESS, with Django's development server if APP_DEBUG is 1, else with waitress."""

import os
import sqlite3
import sys


def prepare():
    with sqlite3.connect(os.environ["APP_DATA"] + "/shop.db") as db:
        db.execute("CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)")
        db.execute("INSERT INTO shop_customer (email, margin_cents) VALUES (?, 1250)", [os.environ["ROW_EMAIL"]])


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    prepare()
    if os.environ["APP_DEBUG"] == "1":
        from django.core.management import execute_from_command_line

        execute_from_command_line([sys.argv[0], "runserver", "--noreload", sys.argv[1]])
    else:
        import waitress
        from django.core.wsgi import get_wsgi_application

        waitress.serve(get_wsgi_application(), listen=sys.argv[1], threads=4)
