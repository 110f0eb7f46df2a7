//! Fuzzes the property `fields_of_events` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("fields_of_events", bytes);
});
