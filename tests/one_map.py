"""Which map a statement is about: PostgreSQL's own parser, and the rule by which the data can be spread by map.

A growing table is bound where its `map_id` is compared with a value, or with the `map_id` of something that is
bound (a join, an outer query, a common table expression made of bound tables). A statement may be sent to one
machine when all growing tables in it are bound, and all values are the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pglast import ast, parse_plpgsql, parse_sql
from pglast.enums import A_Expr_Kind, BoolExprType

KEY = "map_id"
PARAMETER = re.compile(r"%\((\w+)\)s")
READ_APART = frozenset({"withClause", "fromClause", "usingClause", "relation", "selectStmt", "larg", "rarg"})
OTHERWISE = frozenset({"SetStmt", "TransactionStmt", "VariableShowStmt"})


@dataclass
class Scope:
    """What one level of a query reads: by its name there, which table it is, and whether it is bound."""

    outer: Scope | None = None
    bound: dict[str, bool] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)

    def names(self, column: tuple[str, ...]) -> list[tuple[Scope, str]]:
        """Whose `map_id` this is; without a name before it, of everything here."""
        if len(column) == 2:
            here = self
            while column[0] not in here.bound:
                if here.outer is None:
                    return []
                here = here.outer
            return [(here, column[0])]
        if self.bound:
            return [(self, name) for name in self.bound]
        return self.outer.names(column) if self.outer else []


class Statement:
    """A statement taken apart: what in it is not bound to a map, and to which values it is."""

    def __init__(self, sql: str, growing: frozenset[str], *, ready: frozenset[str] = frozenset()) -> None:
        self.growing = growing
        self.loose: list[str] = []
        self.values: set[str] = set()
        self.touched: set[str] = set()
        for raw in parse_sql(sql):
            if type(raw.stmt).__name__ not in OTHERWISE:
                self._read(raw.stmt, None, dict.fromkeys(ready, True))

    # ── Statements ──────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, node: Any, outer: Scope | None, ctes: Mapping[str, bool]) -> None:
        """One SELECT, INSERT, UPDATE or DELETE with all that is in it."""
        ctes = dict(ctes)
        inner = getattr(node, "withClause", None)
        for cte in inner.ctes if inner else ():
            ctes[cte.ctename] = True
            self._read(cte.ctequery, outer, ctes)
        kind = type(node).__name__
        if kind == "SelectStmt":
            self._select(node, outer, ctes)
        elif kind == "InsertStmt":
            self._insert(node, outer, ctes)
        elif kind in ("UpdateStmt", "DeleteStmt"):
            self._change(node, outer, ctes)
        elif kind == "CopyStmt":
            if node.query is not None:
                self._read(node.query, outer, ctes)
            elif node.relation.relname in self.growing:
                self.touched.add(node.relation.relname)
                self.loose.append(f"COPY {node.relation.relname}")
        else:
            self._inside(node, Scope(outer), ctes)

    def _select(self, node: Any, outer: Scope | None, ctes: Mapping[str, bool]) -> None:
        if node.larg is not None:
            self._read(node.larg, outer, ctes)
            self._read(node.rarg, outer, ctes)
            return
        scope = Scope(outer)
        conditions = [node.whereClause]
        derived = [
            one for source in node.fromClause or () for one in self._source(source, scope, ctes, conditions)
        ]
        self._bind(scope, conditions)
        self._derived(derived, scope, ctes)
        self._inside([*_parts(node), *conditions[1:]], scope, ctes)
        self._finish(scope)

    def _insert(self, node: Any, outer: Scope | None, ctes: Mapping[str, bool]) -> None:
        table = node.relation.relname
        if node.selectStmt is not None:
            self._read(node.selectStmt, outer, ctes)
        scope = Scope(outer, {node.relation.alias.aliasname if node.relation.alias else table: True})
        self._inside(_parts(node), scope, ctes)
        if table not in self.growing:
            return
        self.touched.add(table)
        columns = [target.name for target in node.cols or ()]
        given = self._given(node.selectStmt, columns)
        if given is None:
            self.loose.append(f"INSERT {table}")
            return
        for one in given:
            if not self._value(one) and not self._is_key(one):
                self.loose.append(f"INSERT {table}")

    def _given(self, select: Any, columns: list[str]) -> list[Any] | None:
        """What is inserted as `map_id`: an expression for each row of VALUES, or each part of a UNION."""
        if select is None or KEY not in columns:
            return None
        at = columns.index(KEY)
        if select.larg is not None:
            parts = [self._given(side, columns) for side in (select.larg, select.rarg)]
            return None if None in parts else [one for part in parts if part for one in part]
        if select.valuesLists:
            return [row[at] for row in select.valuesLists]
        targets = select.targetList or ()
        if any(_is_star(target.val) for target in targets):
            return []  # whole rows of something that is bound already
        return [targets[at].val]

    def _change(self, node: Any, outer: Scope | None, ctes: Mapping[str, bool]) -> None:
        scope = Scope(outer)
        conditions = [node.whereClause]
        derived = self._source(node.relation, scope, {}, conditions)
        for source in (getattr(node, "fromClause", None) or ()) + (getattr(node, "usingClause", None) or ()):
            derived += self._source(source, scope, ctes, conditions)
        self._bind(scope, conditions)
        self._derived(derived, scope, ctes)
        self._inside([*_parts(node), *conditions[1:]], scope, ctes)
        self._finish(scope)

    # ── What is read ────────────────────────────────────────────────────────────────────────────────────────

    def _source(self, node: Any, scope: Scope, ctes: Mapping[str, bool], conditions: list[Any]) -> list[Any]:
        """Note a table, and how it is joined; what is derived, to be read once it is known what here is bound."""
        kind = type(node).__name__
        if kind == "RangeVar":
            name = node.alias.aliasname if node.alias else node.relname
            is_growing = node.relname in self.growing and node.relname not in ctes
            if is_growing:
                scope.tables[name] = node.relname
                self.touched.add(node.relname)
            # Small tables have an `id` of the map or none; only what is bound may bind others.
            scope.bound[name] = not is_growing and node.relname in ctes
        elif kind == "JoinExpr":
            derived = [
                one for side in (node.larg, node.rarg) for one in self._source(side, scope, ctes, conditions)
            ]
            conditions.append(node.quals)
            if KEY in [name.sval for name in node.usingClause or ()]:
                left, right = [_names_in(side) for side in (node.larg, node.rarg)]
                conditions.append(("same", left, right))
            return derived
        elif node.alias:
            scope.bound[node.alias.aliasname] = True
            return [node]
        return []

    def _derived(self, nodes: list[Any], scope: Scope, ctes: Mapping[str, bool]) -> None:
        for node in nodes:
            if type(node).__name__ == "RangeSubselect":
                self._read(node.subquery, scope, ctes)
            else:
                self._inside(_parts(node), scope, ctes)

    def _bind(self, scope: Scope, conditions: list[Any]) -> None:
        """Bind what the conditions bind, one by way of the other."""
        facts = [fact for one in conditions for fact in _facts(one)]
        while True:
            before = sum(scope.bound.values())
            for left, right in facts:
                self._fact(scope, left, right)
            if sum(scope.bound.values()) == before:
                return

    def _fact(self, scope: Scope, left: Any, right: Any) -> None:
        if isinstance(left, list):  # USING
            sides = [[(scope, name) for name in side if name in scope.bound] for side in (left, right)]
        else:
            if not _key_of(left):
                left, right = right, left
            if not _key_of(left):
                return
            own = scope.names(_key_of(left))
            if _key_of(right) or _map_id_of(right):
                other = _key_of(right)
                sides = [own, scope.names(other) if other else []]
            elif self._value(right):
                for where, name in own:
                    where.bound[name] = True
                return
            else:
                return
        for some, others in (sides, sides[::-1]):
            if any(where.bound[name] for where, name in some):
                for where, name in others:
                    where.bound[name] = True

    def _finish(self, scope: Scope) -> None:
        self.loose += [table for name, table in scope.tables.items() if not scope.bound[name]]

    def _value(self, node: Any) -> bool:
        """Whether this is a value, which is noted."""
        while type(node).__name__ == "TypeCast":
            node = node.arg
        if type(node).__name__ != "A_Const":
            return False
        self.values.add(str(getattr(node.val, "ival", None) or getattr(node.val, "sval", None) or node.val))
        return True

    @staticmethod
    def _is_key(node: Any) -> bool:
        return bool(_key_of(node))

    def _inside(self, node: Any, scope: Scope, ctes: Mapping[str, bool]) -> None:
        """Queries that stand in an expression."""
        for found in _queries_in(node):
            self._read(found, scope, ctes)


def _parts(node: Any) -> list[Any]:
    """All of a statement but what is read by itself."""
    return [getattr(node, name) for name in node if name not in READ_APART]


def _facts(node: Any) -> Iterator[tuple[Any, Any]]:
    """Equalities that hold for every row."""
    if isinstance(node, tuple) and len(node) == 3 and node[0] == "same":
        yield node[1], node[2]
    elif type(node).__name__ == "BoolExpr" and node.boolop == BoolExprType.AND_EXPR:
        for part in node.args:
            yield from _facts(part)
    elif type(node).__name__ == "A_Expr" and node.kind == A_Expr_Kind.AEXPR_OP and node.name[0].sval == "=":
        left, right = node.lexpr, node.rexpr
        if type(left).__name__ == "RowExpr" and type(right).__name__ == "RowExpr":
            yield from zip(left.args, right.args, strict=True)
        else:
            yield left, right
    elif type(node).__name__ == "A_Expr" and node.kind == A_Expr_Kind.AEXPR_IN and len(node.rexpr) == 1:
        yield node.lexpr, node.rexpr[0]


def _key_of(node: Any) -> tuple[str, ...]:
    """The parts of a name that ends in `map_id`."""
    if type(node).__name__ != "ColumnRef" or _is_star(node):
        return ()
    parts = tuple(part.sval for part in node.fields)
    return parts[-2:] if parts[-1] == KEY else ()


def _map_id_of(node: Any) -> bool:
    """Whether this is another column that says a map: `town_map.id`."""
    return type(node).__name__ == "ColumnRef" and not _is_star(node) and node.fields[-1].sval == "id"


def _is_star(node: Any) -> bool:
    return type(node).__name__ == "ColumnRef" and type(node.fields[-1]).__name__ == "A_Star"


def _names_in(node: Any) -> list[str]:
    kind = type(node).__name__
    if kind == "JoinExpr":
        return _names_in(node.larg) + _names_in(node.rarg)
    if kind == "RangeVar" and not node.alias:
        return [node.relname]
    return [node.alias.aliasname] if getattr(node, "alias", None) else []


def _queries_in(node: Any) -> Iterator[Any]:
    if isinstance(node, (tuple, list)):
        for one in node:
            yield from _queries_in(one)
    elif isinstance(node, ast.SelectStmt):
        yield node
    elif isinstance(node, ast.Node):
        for name in node:
            yield from _queries_in(getattr(node, name))


def with_values(sql: str, values: Any) -> str:
    """The statement as the server sees it: each parameter as a text that differs where the values differ."""
    if not isinstance(values, Mapping):
        return sql
    return PARAMETER.sub(lambda found: "'" + str(values.get(found[1])).replace("'", "")[:40] + "'", sql).replace(
        "%%", "%"
    )


def queries_of_function(definition: str) -> list[str]:
    """The statements in the body of a PL/pgSQL function."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "PLpgSQL_stmt_execsql" in node:
                found.append(node["PLpgSQL_stmt_execsql"]["sqlstmt"]["PLpgSQL_expr"]["query"])
            for one in node.values():
                walk(one)
        elif isinstance(node, list):
            for one in node:
                walk(one)

    walk(json.loads(json.dumps(parse_plpgsql(definition))))
    return found
