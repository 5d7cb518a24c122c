"""The sentence with the emergency number of where somebody is. Reads the mission's telephone from SQL."""

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.kit import Kit
from handlers.visit import Visit


async def emergency_words(visit: Visit) -> str:
    """Whom to call first, and the ministry's own telephone where there is one."""
    return await words_for(visit.kit, visit.turn.connection, visit.language, visit.country)


async def words_for(kit: Kit, connection: AsyncConnection, language: str, country: str) -> str:
    """`emergency_words` for a language and a country (ISO-2, "" = unknown)."""
    numbers = kit.emergency_numbers(country) if country else ()
    if not numbers:
        sentence = kit.catalog.say(language, "emergency.unknown")
    else:
        sentence = kit.catalog.say(
            language,
            "emergency.known",
            country=kit.country_name(country, language),
            numbers=", ".join(numbers),
        )
    phone = await kit.mission_phone(connection, country) if country else None
    if phone is None:
        return sentence
    return sentence + "\n" + kit.catalog.say(language, "emergency.mission", phone=phone)
