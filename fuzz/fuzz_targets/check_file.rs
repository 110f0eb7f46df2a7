//! Fuzzes the property `check_file` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("check_file", bytes);
});
