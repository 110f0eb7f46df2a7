//! Fuzzes the property `hunt_query` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("hunt_query", bytes);
});
