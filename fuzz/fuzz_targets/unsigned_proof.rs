//! Fuzzes the property `unsigned_proof` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("unsigned_proof", bytes);
});
