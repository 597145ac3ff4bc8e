#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ftp_fuzz::checksum::check(input));
