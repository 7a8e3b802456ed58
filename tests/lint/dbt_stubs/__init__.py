"""What sqlfluff's Jinja needs to know of dbt, so that SQL is linted without starting dbt (docs/decisions/0010)."""

from types import SimpleNamespace

from jinja2 import pass_context


@pass_context
def _dispatch(context, name, package=None):
    """The DuckDB macro of that name, else the one for every engine."""
    return context.get(f"duckdb__{name}") or context.get(f"default__{name}")


def _raise(message):
    raise ValueError(message)


adapter = SimpleNamespace(dispatch=_dispatch)
exceptions = SimpleNamespace(raise_compiler_error=_raise)
dbt = SimpleNamespace(
    type_string=lambda: "varchar",
    hash=lambda value: f"md5({value})",
    listagg=lambda value, between="','", order_by=None: f"listagg({value}, {between} {order_by or ''})",
)
execute = False
graph = {}
flags = SimpleNamespace(WHICH="lint")
target = SimpleNamespace(name="hub", schema="main", type="duckdb")


def env_var(name, default=""):
    return default


def run_query(sql):
    return SimpleNamespace(columns=[], rows=[])


def render(text):
    return text
