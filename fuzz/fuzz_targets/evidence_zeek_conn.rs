//! Fuzzes the property `evidence_zeek_conn` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("evidence_zeek_conn", bytes);
});
