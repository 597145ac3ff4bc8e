// An FTP server of the package ftpd.

const net = require('net');
const path = require('path');
const {parseArgs} = require('util');

const text = {type: 'string'};
const {values: options, positionals: [address]} = parseArgs({
  options: {
    tree: text, port: text, first: text, last: text, user: text, password: text, packages: text,
  },
  allowPositionals: true,
});

// It listens for data on every address of the machine, and has no option against that.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port) {
  return listen.call(this, Number(port), address);
};

const {FtpServer} = require(path.join(options.packages, 'ftpd'));
const server = new FtpServer(address, {
  getInitialCwd: () => '/',
  getRoot: () => options.tree,
  pasvPortRangeStart: Number(options.first),
  pasvPortRangeEnd: Number(options.last),
});
server.on('client:connected', (connection) => {
  let name;
  connection.on('command:user', (user, success) => {
    name = user;
    success();
  });
  connection.on('command:pass', (password, success, failure) => {
    const known = name === options.user && password === options.password;
    if (known || name === 'anonymous') {
      success(name);
    } else {
      failure();
    }
  });
});
server.listen(options.port);
