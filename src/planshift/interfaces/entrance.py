"""Where does somebody go who comes in? Start page, language, demo people, health."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.generic import RedirectView
from django.views.i18n import set_language

from planshift.interfaces import errors
from planshift.procedures import queries

SALT = "planshift.demo-login"


def demo_path(*, user_id: int) -> str:
    """The path that signs a demo person in, for `make run` and the page of demo people; dead without settings.DEMO."""
    return reverse("demo_login", args=[signing.dumps(user_id, salt=SALT)])


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Clients come to their services, staff to the back office."""
    user = int(request.user.pk or 0)
    if queries.client_of(user_id=user) is None and queries.is_staff(user_id=user):
        return redirect("/staff/")
    return redirect("panel:services")


@require_GET
def demo(request: HttpRequest) -> HttpResponse:
    """The demo people, by seller; 404 on a real installation."""
    if not settings.DEMO:
        raise Http404
    groups: dict[str, list[dict[str, Any]]] = {}
    for person in queries.demo_people():
        shown = {"name": person.name, "story": person.story, "staff": person.staff, "email": person.email}
        groups.setdefault(person.seller_brand, []).append({**shown, "path": demo_path(user_id=person.user_id)})
    listed = [{"brand": brand, "people": people} for brand, people in groups.items()]
    return render(request, "panel/demo.html", {"groups": listed})


@never_cache
@require_http_methods(["GET", "POST"])
def demo_login(request: HttpRequest, token: str) -> HttpResponse:
    """Signs the demo person of the token in, in their language. Only demo people, only on a demo installation."""
    if not settings.DEMO:
        raise Http404
    try:
        user_id = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return errors.old_link(request)
    person = next((each for each in queries.demo_people() if each.user_id == user_id), None)
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    if person is None or user is None:
        raise Http404
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    response = HttpResponseRedirect(reverse("home"))
    if translation.check_for_language(person.language):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, person.language, samesite="Lax")
    return response


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """200 "ok" when the database answers, else 503: for load balancers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return HttpResponse("the database does not answer\n", content_type="text/plain", status=503)
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("demo/", demo, name="demo"),
    path("demo/login/<str:token>/", demo_login, name="demo_login"),
    path("language/", require_POST(set_language), name="set_language"),
    path("healthz", healthz, name="healthz"),
    path("favicon.ico", RedirectView.as_view(url=static("planshift/icon.svg"))),
]
