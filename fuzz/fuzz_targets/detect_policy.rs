//! Fuzzes the property `detect_policy` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("detect_policy", bytes);
});
