//! Fuzzes the property `record_form` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("record_form", bytes);
});
