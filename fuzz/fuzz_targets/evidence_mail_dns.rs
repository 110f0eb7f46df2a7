//! Fuzzes the property `evidence_mail_dns` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("evidence_mail_dns", bytes);
});
