"""What a migration may do while the version before it serves: it adds, and keeps nobody from reading or writing.

What the old version reads or writes must stay. A change that takes something away comes one version later, when
nobody asks for it any more, in a script that says so: `unused_since = "0009"`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import Script, ScriptDirectory
from pglast import ast, parse_sql
from pglast.enums import AlterTableType as Change
from pglast.enums import ConstrType, ObjectType
from pglast.visitors import Visitor

from app.services.migrations import SCRIPTS
from tests.db.test_schema import GROWING

FIRST = "0007"
"""The migration from which the rules hold: those before it are history."""
SMALL = frozenset({"throttle"})
"""Tables so small that PostgreSQL has written them anew before anybody notices."""
HARMLESS = frozenset(
    {
        Change.AT_ColumnDefault,
        Change.AT_DropNotNull,
        Change.AT_DropConstraint,
        Change.AT_ValidateConstraint,
        Change.AT_SetStatistics,
        Change.AT_SetRelOptions,
        Change.AT_ReplicaIdentity,
        Change.AT_ChangeOwner,
    }
)
TAKES_AWAY = frozenset({Change.AT_DropColumn})
STEADY = frozenset({"now", "nextval"})
"""Functions whose value as a default is not worked out row by row."""


def scripts() -> Iterator[Script]:
    """The scripts for which the rules hold, the first one first."""
    found = ScriptDirectory(str(SCRIPTS)).walk_revisions()
    yield from reversed([script for script in found if script.revision >= FIRST])


def sql_of(script: Script) -> str:
    """What a script sends to PostgreSQL."""
    said = io.StringIO()
    config = AlembicConfig(str(SCRIPTS / "alembic.ini"), output_buffer=said)
    config.set_main_option("script_location", str(SCRIPTS))
    command.upgrade(config, f"{script.down_revision}:{script.revision}", sql=True)
    return said.getvalue()


def broken_by(script: Script) -> list[str]:
    """The rules that a script breaks."""
    unused_since = getattr(script.module, "unused_since", None)
    if unused_since is not None and not FIRST <= unused_since < script.revision:
        return [f"unused_since = {unused_since!r} must name a migration before this one"]
    return broken_rules(sql_of(script), may_take_away=unused_since is not None)


def broken_rules(sql: str, *, may_take_away: bool = False) -> list[str]:
    """What in these statements would stop or break a version that serves."""
    new: set[str] = set()
    found: list[str] = []
    for raw in parse_sql(sql):
        statement = raw.stmt
        if isinstance(statement, ast.CreateStmt):
            new.add(statement.relation.relname)
        rule = RULES.get(type(statement))
        if rule is not None:
            found += rule(statement, new, may_take_away)
    return found + _alone(sql)


def _alone(sql: str) -> list[str]:
    """An index made so is no part of a transaction: a second try would do again what stood before it."""
    kinds = [raw.stmt for raw in parse_sql(sql)]
    index = [one for one in kinds if isinstance(one, ast.IndexStmt) and one.concurrent]
    rest = [one for one in kinds if not isinstance(one, ast.TransactionStmt) and not _is_of_alembic(one)]
    return ["make_index() stands alone in its script"] if index and len(rest) > 1 else []


def _is_of_alembic(statement: ast.Node) -> bool:
    relation = getattr(statement, "relation", None)
    return relation is not None and relation.relname == "alembic_version"


def _index(statement: ast.IndexStmt, new: set[str], _: bool) -> list[str]:
    table = statement.relation.relname
    if table in new or statement.concurrent:
        return []
    return [f"nobody can write to {table} while the index is made: use make_index()"]


def _drop(statement: ast.DropStmt, _new: set[str], may_take_away: bool) -> list[str]:
    if may_take_away or (statement.removeType == ObjectType.OBJECT_INDEX and statement.concurrent):
        return []
    return ["the version before may still use what is dropped: drop it one version later (unused_since)"]


def _rename(statement: ast.RenameStmt, _new: set[str], _: bool) -> list[str]:
    return [
        f"the version before knows {statement.relation.relname if statement.relation else 'it'} by its old name"
    ]


def _rows(statement: ast.UpdateStmt | ast.DeleteStmt, new: set[str], _: bool) -> list[str]:
    table = statement.relation.relname
    if table in new or table not in GROWING:
        return []
    return [f"all rows of {table} at once are locked until it is done: change them in small parts, in the app"]


def _stop(statement: ast.Node, _new: set[str], _: bool) -> list[str]:
    return [f"{type(statement).__name__} keeps everybody out"]


def _alter(statement: ast.AlterTableStmt, new: set[str], may_take_away: bool) -> list[str]:
    table = statement.relation.relname
    if table in new or statement.objtype != ObjectType.OBJECT_TABLE:
        return []
    return [words for change in statement.cmds for words in _change(change, table, may_take_away)]


def _change(change: ast.AlterTableCmd, table: str, may_take_away: bool) -> list[str]:
    kind = Change(change.subtype)
    if kind in HARMLESS or (kind in TAKES_AWAY and may_take_away):
        return []
    if kind == Change.AT_AddColumn:
        return _column(change.def_, table)
    if kind == Change.AT_AddConstraint:
        return _constraint(change.def_, table)
    if kind in (Change.AT_SetLogged, Change.AT_SetUnLogged) and table in SMALL:
        return []
    return [f"{kind.name} of {table}: the version before breaks by it, or has to wait for it"]


def _column(column: ast.ColumnDef, table: str) -> list[str]:
    kinds = {ConstrType(one.contype): one for one in column.constraints or ()}
    given = kinds.get(ConstrType.CONSTR_DEFAULT)
    name = f"{table}.{column.colname}"
    if ConstrType.CONSTR_NOTNULL in kinds and given is None:
        return [f"the version before does not fill {name}: give it a default or let it be empty"]
    if given is not None and _calls(given.raw_expr) - STEADY:
        return [f"the default of {name} is worked out row by row, with the table locked"]
    return [words for one in kinds.values() for words in _constraint(one, table)]


def _constraint(constraint: ast.Constraint, table: str) -> list[str]:
    kind = ConstrType(constraint.contype)
    if kind in (ConstrType.CONSTR_FOREIGN, ConstrType.CONSTR_CHECK) and not constraint.skip_validation:
        return [f"all rows of {table} are checked with it locked: NOT VALID first, VALIDATE in the next script"]
    is_index = kind in (ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_EXCLUSION)
    if is_index and not constraint.indexname:
        return [f"its index is made with {table} locked: make_index() first, then USING INDEX"]
    return []


def _calls(expression: ast.Node) -> set[str]:
    """The functions that an expression calls."""
    names: set[str] = set()

    class Calls(Visitor):
        def visit_FuncCall(self, _ancestors: object, node: ast.FuncCall) -> None:
            names.add(node.funcname[-1].sval)

    Calls()(expression)
    return names


RULES: dict[type[ast.Node], Callable[..., list[str]]] = {
    ast.IndexStmt: _index,
    ast.DropStmt: _drop,
    ast.RenameStmt: _rename,
    ast.UpdateStmt: _rows,
    ast.DeleteStmt: _rows,
    ast.AlterTableStmt: _alter,
    ast.TruncateStmt: _stop,
    ast.LockStmt: _stop,
    ast.ClusterStmt: _stop,
    ast.VacuumStmt: _stop,
}
