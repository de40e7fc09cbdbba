"""What a budget's subject has spent, as the ledger in Postgres has it."""

import asyncio

from django.db import Error, connection

from gateway.domain.errors import StateUnavailableError

# In SQL, because this module is imported before Django knows any table.
_SUM = "SELECT coalesce(sum(cost_microusd), 0) FROM gateway_usagerecord WHERE "
_SUMS = {
    "key": _SUM + "key_id = %s AND charged_at >= to_timestamp(%s)",
    "tenant": _SUM + "tenant = %s AND charged_at >= to_timestamp(%s)",
}


async def since(subject: str, starts_at: int) -> int:
    """Return the micro-USD that ``key:<id>`` or ``tenant:<name>`` has paid since then.

    ``starts_at`` is Unix seconds. Raises StateUnavailableError when Postgres does not answer.
    """
    return await asyncio.to_thread(_sum, subject, starts_at)


def _sum(subject: str, starts_at: int) -> int:
    kind, _, name = subject.partition(":")
    try:
        with connection.cursor() as cursor:
            cursor.execute(_SUMS[kind], [name, starts_at])
            return int(cursor.fetchone()[0])
    except Error as error:
        raise StateUnavailableError(type(error).__name__) from error
    finally:
        connection.close()
