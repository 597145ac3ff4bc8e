"""An FTP server of aioftp."""

import argparse
import asyncio
import pathlib
import ssl

import aioftp

VERSIONS = {"2": ssl.TLSVersion.TLSv1_2, "3": ssl.TLSVersion.TLSv1_3}

parser = argparse.ArgumentParser()
parser.add_argument("--tree", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--first", type=int, required=True)
parser.add_argument("--last", type=int, required=True)
parser.add_argument("--user", required=True)
parser.add_argument("--password", required=True)
parser.add_argument("--identity")
parser.add_argument("--oldest")
parser.add_argument("--newest")
parser.add_argument("addresses", nargs="+")
options = parser.parse_args()

tree = pathlib.Path(options.tree)
users = [
    aioftp.User(options.user, options.password, base_path=tree),
    aioftp.User(base_path=tree),
]

secured = None
if options.identity:
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(options.identity)
    secured.minimum_version = VERSIONS[options.oldest]
    secured.maximum_version = VERSIONS[options.newest]


async def serve():
    servers = [
        # A busy machine may take longer than the second that it waits for a data connection by itself.
        aioftp.Server(
            users,
            data_ports=range(options.first, options.last + 1),
            wait_future_timeout=30,
            ssl=secured,
        )
        for _ in options.addresses
    ]
    running = (
        server.run(address, options.port)
        for server, address in zip(servers, options.addresses)
    )
    await asyncio.gather(*running)


asyncio.run(serve())
