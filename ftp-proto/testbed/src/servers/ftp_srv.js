// An FTP server of ftp-srv.

const fs = require('fs');
const path = require('path');
const {parseArgs} = require('util');

const text = {type: 'string'};
const {values: options, positionals: addresses} = parseArgs({
  options: {
    tree: text, port: text, first: text, last: text, user: text, password: text,
    packages: text, identity: text, oldest: text, newest: text,
  },
  allowPositionals: true,
});

const load = (name) => require(path.join(options.packages, name));
const {FtpSrv} = load('ftp-srv');
const log = load('bunyan').createLogger({name: 'ftp-srv', level: 'fatal'});

let tls = false;
if (options.identity) {
  const identity = fs.readFileSync(options.identity);
  tls = {
    key: identity,
    cert: identity,
    minVersion: `TLSv1.${options.oldest}`,
    maxVersion: `TLSv1.${options.newest}`,
  };
}

// Both addresses share the passive ports, which it takes one after the other from its range.
for (const address of addresses) {
  const host = address.includes(':') ? `[${address}]` : address;
  const server = new FtpSrv({
    url: `${tls ? 'ftps' : 'ftp'}://${host}:${options.port}`,
    pasv_url: address,
    pasv_min: Number(options.first),
    pasv_max: Number(options.last),
    log,
    tls,
  });
  server.on('login', ({username, password}, resolve, reject) => {
    const known = username === options.user && password === options.password;
    if (known || username === 'anonymous') {
      resolve({root: options.tree});
    } else {
      reject(new Error('Login incorrect'));
    }
  });
  server.listen();
}
