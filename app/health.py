"""Whether this installation is alive and ready, and its figures. Touches SQL and Redis, reads only."""

from aiohttp import web
from sqlalchemy import text

from app.core import Core
from app.figures import OperatorFigures
from bot.waiting import lag_s
from storage.errors import StorageUnavailableError
from storage.keys import EPOCH
from storage.redis import REDIS_AWAY, RedisError


def public_health_routes(core: Core) -> list[web.RouteDef]:
    """`/healthz`: this process answers. `/readyz`: it can store a message; says what else is away."""

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_request: web.Request) -> web.Response:
        sql, redis = await _sql_answers(core), await _redis_answers(core)
        # Without Redis messages are still stored and answered; broadcasts wait.
        return web.json_response({"sql": sql, "redis": redis}, status=200 if sql else 503)

    return [web.get("/healthz", alive), web.get("/readyz", ready)]


def private_routes(core: Core) -> list[web.RouteDef]:
    """`/metrics` in the text format of Prometheus, for the private listener."""
    figures = OperatorFigures(core)

    async def metrics(_request: web.Request) -> web.Response:
        sql = await _sql_answers(core)
        core.metrics.set("sql_up", float(sql))
        redis = await _redis_answers(core)
        core.metrics.set("redis_up", float(redis))
        if sql:
            async with core.database.read() as connection:
                core.metrics.set("inbox_lag_seconds", await lag_s(connection, core.clock.now()))
            await figures.of_warnings()
        if redis:
            await figures.of_limits()
        return web.Response(body=core.metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4"})

    return [web.get("/metrics", metrics)]


async def _sql_answers(core: Core) -> bool:
    try:
        async with core.database.read() as connection:
            await connection.execute(text("SELECT 1"))
    except StorageUnavailableError:
        return False
    return True


async def _redis_answers(core: Core) -> bool:
    try:
        await core.redis.get(EPOCH)
    except (RedisError, *REDIS_AWAY):
        return False
    return True
