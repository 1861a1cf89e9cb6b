"""A table of an earlier version may lack a column the policy names: the others are granted, the next build makes it anew."""

from alembic import context, op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_SAID = "            execute format(said, made);"
_OF_COLUMNS = r"""            named := (regexp_match(said, '^grant select \((.+)\) on '))[1];
            if named is not null then
                select string_agg(quote_ident(a.attname), ', ' order by a.attname) into there from pg_attribute a
                where a.attrelid = made and a.attnum > 0 and not a.attisdropped and a.attname = any (string_to_array(named, ', '));
                said := case when there is not null then replace(said, named, there) end;
            end if;
            if said is not null then
                execute format(said, made);
            end if;"""
_VARIABLES = "grantee text; policy name;"


def _settle() -> str:
    made: str = context.script.get_revision("0038").module.SETTLE
    return made.replace("create function", "create or replace function")


def upgrade() -> None:
    op.execute(_settle().replace(_SAID, _OF_COLUMNS).replace(_VARIABLES, f"named text; there text; {_VARIABLES}"))


def downgrade() -> None:
    op.execute(_settle())
