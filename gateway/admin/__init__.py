"""Operators' pages of the gateway: who pays, where calls go, what is allowed, what came of it."""

from django.contrib import admin
from django.contrib.auth.models import Group

from gateway.admin.accounts import AccountAdmin, RoleAdmin
from gateway.admin.faults import FaultRuleAdmin
from gateway.admin.keys import ApiKeyAdmin
from gateway.admin.limits import BudgetAdmin, LimitAdmin
from gateway.admin.providers import ProviderAdmin
from gateway.admin.records import AuditEntryAdmin, PriceAdmin, UsageDayAdmin, UsageRecordAdmin
from gateway.admin.routes import RouteAdmin
from gateway.admin.tenants import TenantAdmin
from gateway.models import (
    ApiKey,
    AuditEntry,
    Budget,
    FaultRule,
    Limit,
    Price,
    Provider,
    Route,
    Tenant,
    UsageDay,
    UsageRecord,
    User,
)

admin.site.unregister(Group)
admin.site.register(Group, RoleAdmin)
admin.site.register(User, AccountAdmin)
admin.site.register(Tenant, TenantAdmin)
admin.site.register(ApiKey, ApiKeyAdmin)
admin.site.register(Budget, BudgetAdmin)
admin.site.register(Limit, LimitAdmin)
admin.site.register(Provider, ProviderAdmin)
admin.site.register(Route, RouteAdmin)
admin.site.register(Price, PriceAdmin)
admin.site.register(FaultRule, FaultRuleAdmin)
admin.site.register(UsageRecord, UsageRecordAdmin)
admin.site.register(UsageDay, UsageDayAdmin)
admin.site.register(AuditEntry, AuditEntryAdmin)
