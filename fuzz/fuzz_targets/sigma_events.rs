//! Fuzzes the property `sigma_events` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("sigma_events", bytes);
});
