"""The reference of `bench submit`: what a bare Flask handler with a pool and one INSERT does."""

from __future__ import annotations

import os
import uuid

from flask import Flask, Response, jsonify, request
from psycopg_pool import ConnectionPool


def create_bare() -> Flask:
    """An app that stores what it is sent, with no question asked."""
    app = Flask(__name__)
    url = os.environ["DATABASE_URL"].replace("+psycopg", "", 1)
    # Opened by each worker for itself: threads of a pool do not survive gunicorn's fork.
    pool = ConnectionPool(url, min_size=1, max_size=8, open=False)

    @app.get("/")
    def ready() -> str:
        return "ok"

    @app.post("/items")
    def create() -> tuple[Response, int]:
        pool.open()
        feature = request.get_json()
        lon, lat = feature["geometry"]["coordinates"]
        said = feature["properties"]
        with pool.connection() as connection:
            connection.execute(
                "INSERT INTO bare_pin (id, category, comment, position)"
                " VALUES (%s, %s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
                (uuid.UUID(feature["id"]), said["category"], said.get("comment"), lon, lat),
            )
        return jsonify(feature), 201

    return app
