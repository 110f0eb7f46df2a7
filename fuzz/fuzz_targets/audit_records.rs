//! Fuzzes the property `audit_records` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("audit_records", bytes);
});
