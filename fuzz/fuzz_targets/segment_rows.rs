//! Fuzzes the property `segment_rows` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("segment_rows", bytes);
});
