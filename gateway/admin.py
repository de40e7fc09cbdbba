"""Operators' pages of the gateway."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from gateway.models import User

admin.site.register(User, UserAdmin)
