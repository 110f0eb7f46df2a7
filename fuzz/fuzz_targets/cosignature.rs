//! Fuzzes the property `cosignature` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("cosignature", bytes);
});
