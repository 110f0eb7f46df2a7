//! Fuzzes the property `signed_manifest` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("signed_manifest", bytes);
});
