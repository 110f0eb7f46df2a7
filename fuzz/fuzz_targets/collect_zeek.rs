//! Fuzzes the property `collect_zeek` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("collect_zeek", bytes);
});
