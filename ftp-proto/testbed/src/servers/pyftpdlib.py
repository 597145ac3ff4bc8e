"""An FTP server of pyftpdlib.

Arguments: tree, control port, first and last passive port, user, password, addresses to listen on.
"""

import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

tree, port, first, last, user, password = sys.argv[1:7]
addresses = sys.argv[7:]

logging.basicConfig(level=logging.WARNING)
authorizer = DummyAuthorizer()
authorizer.add_user(user, password, tree, perm="elradfmwMT")
authorizer.add_anonymous(tree)


class Handler(FTPHandler):
    timeout = 3600
    max_login_attempts = 100
    auth_failed_timeout = 0


Handler.authorizer = authorizer
Handler.passive_ports = range(int(first), int(last) + 1)

# All of them share one event loop.
servers = [FTPServer((address, int(port)), Handler) for address in addresses]
for server in servers:
    server.max_cons = 512
servers[0].serve_forever(handle_exit=False)
