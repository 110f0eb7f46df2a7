//! Fuzzes the property `policy` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("policy", bytes);
});
