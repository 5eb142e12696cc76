"""Pocitová mapa: emotional maps of towns. `create_app()` is the only place that sees the whole house."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Config

MOST_BODY_BYTES = 256 * 1024
MOST_FORM_PARTS = 200


def create_app(config: Config | None = None) -> Flask:
    """The web application with these settings; without them, with those of the environment."""
    # Imported here, so that the command line starts without the web and its heavy libraries.
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from app import db, security, views
    from app.assets import Assets
    from app.config import ROOT, Config
    from app.queries.directory import Directory
    from app.queries.maps import MapCache

    config = config or Config.from_environment()
    app = Flask(
        __name__,
        root_path=str(ROOT),
        template_folder="templates",
        static_folder="static",
    )
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=MOST_BODY_BYTES,
        MAX_FORM_PARTS=MOST_FORM_PARTS,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
        # With the prefix browsers take it only over https and for this very host: no neighbour can plant one.
        SESSION_COOKIE_NAME="__Host-pocit_office" if config.secure_cookies else "pocit_office",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        # Renewed with every answer, the cookie would also ride on tiles and files that caches keep.
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["pocit-config"] = config
    app.extensions["pocit-assets"] = Assets(ROOT / "static", watch=app.debug)
    app.extensions["pocit-maps"] = MapCache()
    app.extensions["pocit-directory"] = Directory()
    db.init_app(app, config.database_url, config.replica_url)
    security.init_app(app)
    views.init_app(app)
    if config.trusted_proxies:
        n = config.trusted_proxies
        # Few proxies set or strip a prefix: a stranger's own would stand in every link.
        below = n if urlsplit(config.address).path else 0
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=n, x_proto=n, x_host=n, x_prefix=below
        )
    return app
