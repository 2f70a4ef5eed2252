"""Piccolo's view of the whole: engine, tables and migrations folder (``PICCOLO_CONF=service.schema``)."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, AppRegistry, table_finder

from service import db

DB = db.engine
MIGRATIONS = Path(__file__).parent.parent / "migrations"

APP_CONFIG = AppConfig(
    app_name="passerelle",
    migrations_folder_path=MIGRATIONS,
    table_classes=table_finder(
        [
            f"service.{module}.tables"
            for module in (
                "people",
                "events",
                "bookings",
                "attendance",
                "proposals",
                "campus",
                "mail",
                "journal",
                "limits",
            )
        ],
        exclude_imported=True,
    ),
)
APP_REGISTRY = AppRegistry(apps=["service.schema"])
