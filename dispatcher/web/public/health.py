"""Whether this process can work, for load balancers and supervisors; says nothing more."""

import threading
import time
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dispatcher.core.db import Database
from dispatcher.migrations.current import is_current

router = APIRouter()

#: Anybody may ask; the schema is looked at no more often than this.
SCHEMA_SECONDS: Final = 10.0
_ALIVE: Final = text("SELECT 1")


class Readiness:
    """Asks the database; remembers a newest schema for some seconds. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._current_until = float("-inf")

    def is_ready(self) -> bool:
        """Whether the database answers and has the newest schema."""
        try:
            with self._database.transaction() as session:
                session.execute(_ALIVE)
            return self._is_schema_current()
        except SQLAlchemyError:
            return False

    def _is_schema_current(self) -> bool:
        with self._lock:
            if time.monotonic() < self._current_until:
                return True
            current = is_current(self._database.engine)
            if current:
                self._current_until = time.monotonic() + SCHEMA_SECONDS
            return current


@router.api_route("/health", methods=["GET", "HEAD"])
def health(request: Request) -> Response:
    """200 when the database answers and its schema is the newest, else 503."""
    readiness: Readiness = request.app.state.readiness
    if readiness.is_ready():
        return JSONResponse({"status": "ok"})
    return JSONResponse({"status": "unavailable"}, 503)
