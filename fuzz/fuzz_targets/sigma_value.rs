//! Fuzzes the property `sigma_value` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("sigma_value", bytes);
});
