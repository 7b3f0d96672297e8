"""Serves a Django project of one file on a free port of this machine, with alice in its database."""

import os
import sys
import tempfile
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

LIFETIME = int(os.environ["LIFETIME"])
FOLDER = tempfile.TemporaryDirectory(prefix="latchkey-django-")


def configure(apps, **more):
    settings.configure(
        SECRET_KEY="only-for-tests-only-for-tests",
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER.name}/db"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", *apps],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF="__main__",
        USE_TZ=True,
        **more,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User

    User.objects.create_user("alice", password="wonderland-7")


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def serve():
    """One request after another: SQLite would refuse some of those that write at the same time."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on {server.server_port}", flush=True)
    sys.stdin.read()
    server.shutdown()
    FOLDER.cleanup()
