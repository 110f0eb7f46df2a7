//! Fuzzes the property `evidence_nessus` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("evidence_nessus", bytes);
});
