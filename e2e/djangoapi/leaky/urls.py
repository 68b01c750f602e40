"""Addresses of the API."""

from django.urls import path

from . import views

urlpatterns = [
    path("api/boom", views.boom),
    path("api/refused", views.Refused.as_view()),
    path("api/handled", views.Handled.as_view()),
    path("api/unauthorized", views.Unauthorized.as_view()),
    path("api/conflict", views.Conflict.as_view()),
    path("api/orders", views.Orders.as_view()),
    path("api/page", views.page),
    path("api/image", views.image),
    path("api/empty", views.empty),
    path("accounts/moved", views.moved),
]
