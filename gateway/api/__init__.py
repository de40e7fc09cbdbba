"""The management API of the gateway, under ``/api/gateway``."""

from ninja import NinjaAPI

from gateway.api import errors, explain, faults, keys, limits, money, providers, routes, tenants

api = NinjaAPI(
    title="Hotseat gateway",
    version="1",
    description=(
        "Tenants, keys, limits, budgets, providers, routes, faults. For operators signed in to the"
        " admin, and for keys with scope manage. Errors are RFC 9457 problem documents."
    ),
    urls_namespace="gateway-api",
)
api.add_router("/tenants", tenants.router)
api.add_router("/keys", keys.router)
api.add_router("/limits", limits.router)
api.add_router("/budgets", money.router)
api.add_router("/usage", money.usage_router)
api.add_router("/providers", providers.router)
api.add_router("/routes", routes.router)
api.add_router("/faults", faults.router)
api.add_router("/explain", explain.router)
api.add_router("/audit", explain.log_router)
errors.add_handlers(api)

__all__ = ["api"]
