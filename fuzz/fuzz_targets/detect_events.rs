//! Fuzzes the property `detect_events` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("detect_events", bytes);
});
