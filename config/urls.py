"""Where everything is mounted; health and metrics are answered before Django, in ``asgi.py``."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import JavaScriptCatalog

from config.sign_in import SignInForm

admin.site.login_form = SignInForm

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("jsi18n/", JavaScriptCatalog.as_view(), name="javascript-catalog"),
    path("", include("gateway.urls")),
    path("", include("interview.urls")),
]
