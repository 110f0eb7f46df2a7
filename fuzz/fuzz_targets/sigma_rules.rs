//! Fuzzes the property `sigma_rules` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("sigma_rules", bytes);
});
