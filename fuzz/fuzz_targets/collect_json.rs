//! Fuzzes the property `collect_json` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("collect_json", bytes);
});
