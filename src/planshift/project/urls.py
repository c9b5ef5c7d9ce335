"""Which door is where."""

from django.urls import URLPattern, URLResolver, include, path

from planshift.project import metrics, wiring

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("allauth.urls")),
    path("metrics", metrics.page),
    *wiring.urlpatterns(),
]
