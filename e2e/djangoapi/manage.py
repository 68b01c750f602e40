"""Run the leaky API: manage.py runserver, or manage.py serve for production's server."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaky.settings")
    if sys.argv[1] == "serve":
        from waitress import serve

        from leaky.wsgi import application

        host, port = sys.argv[2].split(":")
        serve(application, host=host, port=int(port), threads=4)
    else:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
