"""`/help`: what the service can do, and the emergency number. Says, touches nothing."""

from handlers.commands import Command
from handlers.emergency import emergency_words
from handlers.visit import Visit


async def help_command(visit: Visit) -> bool:
    """Answer `/help` and its words; the question the conversation waits at is asked again."""
    if visit.asks_for(Command.HELP) is None:
        return False
    visit.reply(visit.say("help.text", emergency=await emergency_words(visit)))
    visit.resume = True
    return True
