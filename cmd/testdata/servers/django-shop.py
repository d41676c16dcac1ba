"""Django's admin for the lamps of a shop.

shop.py alone makes users and lamps, shop.py count prints how often lamps were changed and how many, gunicorn shop:app serves the admin.
"""

import os
import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application

USERS = 5000

settings.configure(
    SECRET_KEY="of a test",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="shop",
    STATIC_URL="/static/",
    INSTALLED_APPS=["django.contrib." + app for app in ("admin", "auth", "contenttypes", "sessions", "messages")] + ["lamps"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.path.dirname(os.path.abspath(__file__)), "lamps.db")}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)
app = get_wsgi_application()

from django.contrib import admin  # noqa: E402 they want the settings
from django.contrib.admin.models import CHANGE, LogEntry  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import path  # noqa: E402
from lamps.models import Lamp  # noqa: E402


@admin.register(Lamp)
class LampAdmin(admin.ModelAdmin):
    list_display = ["name", "price"]
    search_fields = ["name"]
    list_per_page = 20


urlpatterns = [path("admin/", admin.site.urls)]

if __name__ == "__main__" and sys.argv[1:] == ["count"]:
    print(LogEntry.objects.filter(action_flag=CHANGE).count(), Lamp.objects.filter(price__gte=1000).count())
elif __name__ == "__main__":
    call_command("migrate", run_syncdb=True, verbosity=0)
    password = make_password("secret")
    User.objects.bulk_create(User(username=f"user-{n}", password=password, is_staff=True, is_superuser=True) for n in range(1, USERS + 1))
    Lamp.objects.bulk_create(Lamp(name=f"Lamp {n}", price=10) for n in range(1, USERS + 1))
