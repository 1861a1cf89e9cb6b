"""The checks that rules may name, by topic; importing this package registers all of them."""

from . import damage, dates, form, money, people, subject, texts  # noqa: F401
