"""An FTP server of Twisted."""

import argparse

from twisted.cred import checkers, credentials, error, portal
from twisted.internet import reactor
from twisted.protocols import ftp
from twisted.python import filepath
from zope.interface import implementer

parser = argparse.ArgumentParser()
parser.add_argument("--tree", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--first", type=int, required=True)
parser.add_argument("--last", type=int, required=True)
parser.add_argument("--user", required=True)
parser.add_argument("--password", required=True)
parser.add_argument("addresses", nargs="+")
options = parser.parse_args()


@implementer(checkers.ICredentialsChecker)
class Accounts:
    credentialInterfaces = (credentials.IUsernamePassword,)

    def requestAvatarId(self, given):
        if (given.username, given.password) == (options.user, options.password):
            return given.username
        raise error.UnauthorizedLogin()


class Realm(ftp.BaseFTPRealm):
    def getHomeDirectory(self, avatarId):
        return filepath.FilePath(options.tree)


class Session(ftp.FTP):
    passivePortRange = range(options.first, options.last + 1)
    # A busy machine may take longer than the ten seconds that it waits for a data connection by itself.
    dtpTimeout = 60

    def getDTPPort(self, factory, interface=""):
        """Listens where the control connection is: by itself it would listen on every address."""
        return super().getDTPPort(factory, self.transport.getHost().host)


accounts = portal.Portal(Realm(options.tree))
accounts.registerChecker(Accounts())
accounts.registerChecker(checkers.AllowAnonymousAccess())
factory = ftp.FTPFactory(accounts)
factory.protocol = Session
factory.timeOut = 3600
for address in options.addresses:
    reactor.listenTCP(options.port, factory, interface=address)
reactor.run(installSignalHandlers=False)
