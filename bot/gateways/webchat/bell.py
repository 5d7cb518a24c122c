"""Tells open streams of all processes that a chat has a new message. Touches Redis pub/sub; ids only."""

import asyncio

import structlog
from redis.asyncio import Redis

from storage.clock import Clock
from storage.keys import CHAT_BELL
from storage.redis import REDIS_AWAY, RedisError
from storage.vault import Vault

EVERY_CHAT = CHAT_BELL.format(chat="*")
PATIENCE_S = 1.0
SILENCE_S = 1.0  # a Redis that was away is not asked again sooner

log = structlog.get_logger(__name__)


def bell_of(vault: Vault, chat: str) -> str:
    """The pub/sub channel of a chat; the name in Redis tells nobody which chat it is."""
    return CHAT_BELL.format(chat=vault.blind("webchat bell", chat).hex()[:32])


class Bell:
    """Rings without ever failing: whoever listens reads SQL every two seconds as well."""

    def __init__(self, redis: Redis, vault: Vault, clock: Clock) -> None:
        self._redis = redis
        self._vault = vault
        self._clock = clock
        self._silent_until = 0.0
        self._away = False

    async def ring(self, chat: str, message: int) -> None:
        """Announce `message`; does nothing while Redis is away (said once in the log)."""
        if self._away and self._clock.monotonic() < self._silent_until:
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._redis.publish(bell_of(self._vault, chat), str(message))
        except (*REDIS_AWAY, RedisError):
            self._silent_until = self._clock.monotonic() + SILENCE_S
            if not self._away:
                log.warning("Redis is away; web chats are served from SQL", action="webchat.bell.away")
            self._away = True
            return
        if self._away:
            log.info("Redis is back; web chats hear at once again", action="webchat.bell.back")
        self._away = False
