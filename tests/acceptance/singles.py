"""An installation on servers that are configured by their addresses, as on real machines."""

from collections.abc import Iterator
from contextlib import contextmanager

from dispatcher.embedded.ownership import ServerAddresses
from tests.acceptance.product import SECRET_KEY, Product
from tests.servers import clone_database, drop_database


@contextmanager
def use_servers(product: Product, servers: ServerAddresses, template: str) -> Iterator[None]:
    """Point the installation at a database of its own on these servers."""
    url = clone_database(servers.database_url, template)
    product.environment |= {
        "DISPATCHER_DATABASE_URL": url,
        "DISPATCHER_REDIS_URL": servers.redis_url,
        "DISPATCHER_SECRET_KEY": SECRET_KEY,
    }
    try:
        yield
    finally:
        drop_database(servers.database_url, url)
