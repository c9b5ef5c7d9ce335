from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "planshift.catalog"
    label = "catalog"
