//! Fuzzes the property `segment_part` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("segment_part", bytes);
});
