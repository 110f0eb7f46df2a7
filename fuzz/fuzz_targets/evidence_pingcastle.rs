//! Fuzzes the property `evidence_pingcastle` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("evidence_pingcastle", bytes);
});
