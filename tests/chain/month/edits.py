"""Edits of the copy of the checkout a month is played on: what engineers change while the warehouse is at work."""

from __future__ import annotations

import re
from pathlib import Path

from public_credit.identifiers.codes import make_uscc

from tests.build.test_reshaped import add
from tests.conftest import CHECKOUT
from tests.helpers.edited import edit

_DEPARTMENTS, _MODELS = "include/districts/demo/departments", "dbt_project/models"
_MIGRATIONS = "include/public_credit/ledger/migrations/versions"


def slj_joins(root: Path) -> None:
    """The README's department."""
    entry = re.search(r"```yaml\n(.*?)```", (CHECKOUT / "README.md").read_text(encoding="utf-8"), re.DOTALL).group(1)
    (root / _DEPARTMENTS / "slj.yml").write_text(entry, encoding="utf-8")


def qxj_joins(root: Path) -> None:
    """A department with an interface, written like the one for licences with a single dataset."""
    text = (root / _DEPARTMENTS / "xzsp.yml").read_text(encoding="utf-8")
    text = text[: text.index("  - id: xzsp.licence_person")].replace("xzsp", "qxj").replace("行政审批服务局", "气象局")
    text = re.sub(r'uscc: "\w+".*', f'uscc: "{make_uscc("11", "39900201")}"', text)
    (root / _DEPARTMENTS / "qxj.yml").write_text(text.replace("[D01, D17]", "[D17]"), encoding="utf-8")


def field_added(root: Path) -> None:
    """Penalties say which office handled them."""
    add(root, "administrative_penalty")


def seed_changed(root: Path) -> None:
    """Penalties whose degree nobody can tell are published for three months instead of twelve."""
    edit(root / "dbt_project/seeds/policy/publication_term.csv", "undetermined,12", "undetermined,3")


def model_changed(root: Path) -> None:
    """A clause of a list is spelt in words."""
    edit(root / _MODELS / "lists/mart_lists__entry.sql", "企业信息公示暂行条例第17条", "企业信息公示暂行条例第十七条")


def schema_upgraded(root: Path) -> None:
    """A later version of the product, whose ledger has a column more."""
    last = max(path.stem for path in (root / _MIGRATIONS).glob("[0-9]*.py"))
    revision = re.search(r'^revision.*= "(\w+)"', (root / _MIGRATIONS / f"{last}.py").read_text(), re.MULTILINE).group(
        1
    )
    (root / _MIGRATIONS / "9999_later.py").write_text(
        f'''"""A later version."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{revision}", None, None


def upgrade() -> None:
    op.add_column("batch", sa.Column("later", sa.Text, server_default=""), schema="ledger")
''',
        encoding="utf-8",
    )


EDITS = {
    edited.__name__: edited
    for edited in (slj_joins, qxj_joins, field_added, seed_changed, model_changed, schema_upgraded)
}
