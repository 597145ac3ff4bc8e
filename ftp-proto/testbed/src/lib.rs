//! Real and scripted FTP servers on loopback, for the tests of this workspace.
