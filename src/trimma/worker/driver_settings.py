"""Settings of the driver's Python that also hold at its workers: filters of warnings, logging, and the locale."""

import locale
import logging
import pickle
import sys
import warnings

import msgspec

_STREAMS = ("stdout", "stderr")


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """A handler of the root logger that writes to a standard stream."""

    stream: str
    level: int
    format: str | None
    dates: str | None


class DriverSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``filters`` are those of warnings, pickled one by one. ``levels`` are those of loggers; the root's name is ""."""

    filters: list[bytes] = []
    levels: dict[str, int] = {}
    disabled: int = 0
    handlers: list[Handler] = []
    locale: str = "C"


def settings_here() -> DriverSettings:
    """The settings of this process."""
    loggers = {"": logging.root} | {
        name: logger for name, logger in logging.root.manager.loggerDict.items() if isinstance(logger, logging.Logger)
    }
    return DriverSettings(
        filters=[pickled for each in warnings.filters if (pickled := _pickled(each))],
        levels={name: logger.level for name, logger in loggers.items() if logger.level != logging.NOTSET},
        disabled=logging.root.manager.disable,
        handlers=[found for handler in logging.root.handlers if (found := _described(handler)) is not None],
        locale=locale.setlocale(locale.LC_ALL),
    )


def adopt(settings: DriverSettings) -> None:
    """Make the settings those of this process, as far as it knows what they name."""
    _adopt_locale(settings.locale)
    for name, level in settings.levels.items():
        logging.getLogger(name or None).setLevel(level)
    logging.disable(settings.disabled)
    for each in settings.handlers:
        handler = logging.StreamHandler(getattr(sys, each.stream))
        handler.setLevel(each.level)
        handler.setFormatter(logging.Formatter(each.format, each.dates))
        logging.root.addHandler(handler)
    filters = [found for pickled in settings.filters if (found := _loaded(pickled)) is not None]
    warnings.resetwarnings()
    # the list itself, because the functions that add to it can't say all that a filter may hold
    warnings.filters.extend(filters)  # type: ignore[attr-defined]


def _adopt_locale(name: str) -> None:
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return  # this machine doesn't have it


def _pickled(each: object) -> bytes | None:
    try:
        return pickle.dumps(each)
    except Exception:  # noqa: BLE001 - a category of warnings may be anything
        return None


def _loaded(pickled: bytes) -> object:
    try:
        return pickle.loads(pickled)
    except Exception:  # noqa: BLE001 - its category isn't defined here, so that nothing here can warn of it
        return None


def _described(handler: logging.Handler) -> Handler | None:
    """A handler that writes to a standard stream, and whose format can be told; None for others."""
    if type(handler) is not logging.StreamHandler:
        return None
    names = [name for name in _STREAMS if handler.stream in (getattr(sys, name), getattr(sys, f"__{name}__"))]
    formatter = handler.formatter
    if not names or not (formatter is None or type(formatter) is logging.Formatter):
        return None
    found = (None, None) if formatter is None else (formatter._fmt, formatter.datefmt)
    return Handler(stream=names[0], level=handler.level, format=found[0], dates=found[1])
