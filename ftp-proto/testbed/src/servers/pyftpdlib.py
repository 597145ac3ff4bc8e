"""An FTP server of pyftpdlib."""

import argparse
import logging

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--tree", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--first", type=int, required=True)
parser.add_argument("--last", type=int, required=True)
parser.add_argument("--user", required=True)
parser.add_argument("--password", required=True)
parser.add_argument("--identity")
parser.add_argument("--implicit", action="store_true")
parser.add_argument("addresses", nargs="+")
options = parser.parse_args()

logging.basicConfig(level=logging.WARNING)
authorizer = DummyAuthorizer()
authorizer.add_user(options.user, options.password, options.tree, perm="elradfmwMT")
authorizer.add_anonymous(options.tree)

Handler = FTPHandler
if options.identity:
    from pyftpdlib.handlers import TLS_FTPHandler

    class Explicit(TLS_FTPHandler):
        certfile = options.identity

    class Implicit(Explicit):
        """Secures the connection first, and greets when it is."""

        def handle(self):
            self.secure_connection(self.ssl_context)

        def handle_ssl_established(self):
            super().handle()

    Handler = Implicit if options.implicit else Explicit

Handler.authorizer = authorizer
Handler.passive_ports = range(options.first, options.last + 1)
Handler.timeout = 3600
Handler.max_login_attempts = 100
Handler.auth_failed_timeout = 0

# All of them share one event loop.
servers = [FTPServer((address, options.port), Handler) for address in options.addresses]
for server in servers:
    server.max_cons = 512
servers[0].serve_forever(handle_exit=False)
