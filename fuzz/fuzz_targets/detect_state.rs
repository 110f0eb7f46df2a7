//! Fuzzes the property `detect_state` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("detect_state", bytes);
});
