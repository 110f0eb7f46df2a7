//! Fuzzes the property `case_file` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("case_file", bytes);
});
