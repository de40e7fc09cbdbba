"""Tables of the gateway."""

from gateway.models.api_key import ApiKey
from gateway.models.audit_entry import AuditEntry, Revision
from gateway.models.fault_rule import FaultRule
from gateway.models.limit import Budget, Limit
from gateway.models.price import Price
from gateway.models.provider import Provider
from gateway.models.route import Route, RouteTarget
from gateway.models.tenant import Tenant
from gateway.models.usage_record import BudgetAlert, UsageDay, UsageRecord
from gateway.models.user import User

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Budget",
    "BudgetAlert",
    "FaultRule",
    "Limit",
    "Price",
    "Provider",
    "Revision",
    "Route",
    "RouteTarget",
    "Tenant",
    "UsageDay",
    "UsageRecord",
    "User",
]
