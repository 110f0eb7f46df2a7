//! Fuzzes the property `witness_state` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("witness_state", bytes);
});
