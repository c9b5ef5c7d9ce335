"""Which door is where."""

from django.urls import URLPattern, URLResolver, include, path

from planshift.interfaces.api.v1 import doors as api
from planshift.project import metrics, wiring

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("allauth.urls")),
    path("metrics", metrics.page),
    *wiring.urlpatterns(),
    path("api/v1/", api.build().urls),
    path("", include("planshift.interfaces.entrance")),
    path("staff/", include("planshift.interfaces.backoffice.urls")),
    path("", include("planshift.interfaces.panel.urls")),
]

handler400 = "planshift.interfaces.errors.bad_request"
handler403 = "planshift.interfaces.errors.forbidden"
handler404 = "planshift.interfaces.errors.not_found"
handler500 = "planshift.interfaces.errors.broken"
