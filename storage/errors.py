"""Errors of the storage seam. Touches nothing else."""


class StorageError(Exception):
    """Base of everything that storage refuses or cannot do; the text is safe to show and to log."""


class StorageUnavailableError(StorageError):
    """SQL or Redis cannot be reached or refuses to write (away, full); trying again later may help."""


class SealError(StorageError):
    """A sealed value cannot be opened: wrong key, moved to another row, or its person was erased."""


class ConfigurationError(StorageError):
    """A key or address is missing or malformed; the text says what to set."""
