//! Fuzzes the property `log_content` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("log_content", bytes);
});
