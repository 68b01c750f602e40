from django.urls import path

from . import views

urlpatterns = [
    path("invoices/<int:number>", views.Invoice.as_view()),
    path("invoices/<int:number>/settle", views.settle),
    path("invoices/<int:number>/export", views.Export.as_view()),
    path("reports/daily", views.daily_report),
    path("health", views.Health.as_view()),
    path("customers", views.Customers.as_view()),
    path("customers/import", views.CustomerImport.as_view()),
    path("orders", views.Orders.as_view()),
    path("admin/ledger", views.Ledger.as_view()),
    path("admin/console", views.console),
    path("me", views.Me.as_view()),
    path("limited", views.Limited.as_view()),
]
