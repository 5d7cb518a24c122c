"""Password hashes: argon2id with the documented parameters, off the loop, refused when too short."""

import asyncio

import pytest

from staff.enrolment import new_password
from staff.errors import OfficerRefusedError
from staff.passwords import MEMORY_KIB, PASSES, Passwords


async def test_a_hash_says_how_it_was_made_and_fits_one_password() -> None:
    passwords = Passwords()
    made = await passwords.make("correct horse battery")
    assert made.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")
    assert await passwords.check(made, "correct horse battery")
    assert not await passwords.check(made, "correct horse batterx")
    assert not await passwords.check("not a hash", "correct horse battery")
    assert not await passwords.check(None, "nobody's password")


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 201])
async def test_lengths_are_bounded(password: str) -> None:
    with pytest.raises(OfficerRefusedError):
        await Passwords().make(password)


async def test_the_loop_stays_free_while_hashing() -> None:
    passwords = Passwords()
    work = asyncio.gather(*(passwords.make("correct horse battery") for _ in range(3)))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 3


def test_generated_passwords_are_long_and_different() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(word) == 23 for word in made)
